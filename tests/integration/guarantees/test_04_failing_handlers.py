"""Promise 4, second part: whatever a handler does to one event, that event is a dead letter in the end and the rest is done."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis.asyncio
from tests.support.consuming import (
    GROUP,
    LEASE,
    STREAM,
    Echo,
    Note,
    add,
    dead_letters,
    numbers_on,
    one_server,
    running,
    until_drained,
)
from tests.support.eventually import eventually
from typing_extensions import override

from sluiceway import Batch, ConfigurationError, Context, DeadLetter, Event, Reject, Retry, Service
from sluiceway.embedded import EmbeddedServer

BAD = 7
GOOD = [number for number in range(20) if number != BAD]


class Unreadable(Exception):
    @override
    def __str__(self) -> str:
        raise RuntimeError("no text for you")


class Panic(BaseException):
    """What compiled extensions raise when they give up: no Exception."""


class Untyped(Event):
    number: int


class Misbehaviour:
    """Everything a handler can do wrong, one method each; `over` ends those that would go on for ever."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    async def raises(self, _: Context) -> Any:
        raise ValueError("broken")

    async def raises_no_exception(self, _: Context) -> Any:
        raise Panic("broken")

    async def raises_what_cannot_be_read(self, _: Context) -> Any:
        raise Unreadable

    async def raises_what_cannot_be_encoded(self, _: Context) -> Any:
        raise ValueError("half a \ud83d character")

    async def raises_with_a_reason_that_is_no_text(self, _: Context) -> Any:
        error = ssl.SSLError("broken")
        error.reason = OSError("broken")  # type: ignore[assignment]
        raise error

    async def runs_out_of_memory(self, _: Context) -> Any:
        return bytearray(1 << 60)

    async def hangs(self, _: Context) -> Any:
        await self.over.wait()

    async def waits_for_something_cancelled(self, _: Context) -> Any:
        waiting = asyncio.get_running_loop().create_future()
        waiting.cancel()
        await waiting

    async def cancels_itself(self, _: Context) -> Any:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await self.over.wait()

    async def swallows_its_cancellation(self, _: Context) -> Any:
        while not self.over.is_set():
            try:
                await self.over.wait()
            except asyncio.CancelledError:
                continue

    async def returns_a_number(self, _: Context) -> Any:
        return 5

    async def returns_one_event_and_one_number(self, context: Context) -> Any:
        return [Echo(number=BAD), len(context.stream)]

    async def returns_an_event_without_a_type(self, _: Context) -> Any:
        return Untyped(number=1)

    async def publishes_under_a_key_that_is_no_text(self, context: Context) -> Any:
        context.publish(Echo(number=BAD), key=7)  # type: ignore[arg-type]

    async def publishes_under_a_key_that_cannot_be_encoded(self, context: Context) -> Any:
        context.publish(Echo(number=BAD), key="\ud83d")

    async def publishes_to_a_stream_that_is_no_text(self, context: Context) -> Any:
        context.publish(Echo(number=BAD), stream=7)  # type: ignore[arg-type]

    async def publishes_to_a_stream_that_cannot_be_encoded(self, context: Context) -> Any:
        context.publish(Echo(number=BAD), stream="\ud83d")


ERRORS = {
    "raises": "ValueError",
    "raises_no_exception": "Panic",
    "raises_what_cannot_be_read": "Unreadable",
    "raises_what_cannot_be_encoded": "ValueError",
    "raises_with_a_reason_that_is_no_text": "SSLError",
    "runs_out_of_memory": "(MemoryError|OverflowError)",
    "hangs": "TimeoutError",
    "waits_for_something_cancelled": "CancelledError",
    "cancels_itself": "CancelledError",
    "swallows_its_cancellation": "TimeoutError",
    "returns_a_number": "ConfigurationError",
    "returns_one_event_and_one_number": "ConfigurationError",
    "returns_an_event_without_a_type": "PublishError",
    "publishes_under_a_key_that_is_no_text": "PublishError",
    "publishes_under_a_key_that_cannot_be_encoded": "UnicodeEncodeError",
    "publishes_to_a_stream_that_is_no_text": "ConfigurationError",
    "publishes_to_a_stream_that_cannot_be_encoded": "ConfigurationError",
}


@pytest.fixture(autouse=True)
def _nothing_logged(caplog: pytest.LogCaptureFixture) -> None:
    # A traceback quotes what cannot be encoded, and pytest-xdist sends what was logged as UTF-8.
    caplog.set_level("CRITICAL", "sluiceway")


@one_server
@pytest.mark.parametrize("concurrency", [1, 16])
@pytest.mark.parametrize("deed", ERRORS)
async def test_the_event_is_tried_as_often_as_allowed_and_its_neighbours_are_handled(
    server: EmbeddedServer, client: redis.asyncio.Redis, deed: str, concurrency: int
) -> None:
    async with misbehaving(deed) as act:
        tries = []
        began: list[int] = []
        service = Service(GROUP, redis=server.url, grace_seconds=0.2)
        service.consume(STREAM, lease=LEASE)

        @service.on(
            Note,
            stream=STREAM,
            publishes="echoes",
            concurrency=concurrency,
            timeout_seconds=0.1 if deed in ("hangs", "swallows_its_cancellation") else 60,
            retry=Retry(attempts=2, first_seconds=0.01),
        )
        async def echo(event: Note, context: Context) -> Any:
            if event.number == BAD:
                tries.append(context.delivery_count)
                began.append(int(time.time() * 1000))
                return await act(context)
            return Echo(number=event.number)

        for number in range(20):
            await add(client, number)

        async with running(service, client):
            await until_drained(client)

        assert tries == [1, 2]
        assert sorted(await numbers_on(client, "echoes")) == GOOD
        [letter] = await dead_letters(server.url)
        assert letter.provenance["reason"] == "exhausted"
        assert letter.provenance["starts"] == 2
        first, last = letter.provenance["firstTime"], letter.provenance["lastTime"]
        assert began[0] <= first <= began[1] <= last
        assert letter.provenance["errorType"] in ERRORS[deed].strip("()").split("|")
        assert dict(letter.fields)[b"payload"] == b'{"number":7}'


@one_server
@pytest.mark.parametrize(
    "deed",
    ["raises_no_exception", "hangs", "waits_for_something_cancelled", "cancels_itself", "swallows_its_cancellation"],
)
async def test_a_batch_handler_may_do_so_as_well(
    server: EmbeddedServer, client: redis.asyncio.Redis, deed: str
) -> None:
    async with misbehaving(deed) as act:
        service = Service(GROUP, redis=server.url, grace_seconds=0.2)
        service.consume(STREAM, lease=LEASE)

        @service.on(
            Note,
            stream=STREAM,
            publishes="echoes",
            batch=1,
            concurrency=1,
            timeout_seconds=0.1 if deed in ("hangs", "swallows_its_cancellation") else 60,
            retry=Retry(attempts=2, first_seconds=0.01),
        )
        async def echo(batch: Batch[Note]) -> None:
            for item in batch:
                if item.event.number == BAD:
                    await act(item.context)
                item.context.publish(Echo(number=item.event.number))

        for number in range(20):
            await add(client, number)

        async with running(service, client):
            await until_drained(client)

        assert sorted(await numbers_on(client, "echoes")) == GOOD
        [letter] = await dead_letters(server.url)
        assert letter.provenance["errorType"] == ERRORS[deed]


@one_server
async def test_what_a_handler_does_after_it_was_given_up_has_no_effect(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    late: list[Exception] = []
    go_on, ended = asyncio.Event(), asyncio.Event()
    service = Service(GROUP, redis=server.url)
    service.consume(STREAM, lease=LEASE)

    @service.on(Note, stream=STREAM, publishes="echoes", timeout_seconds=0.1, retry=Retry(first_seconds=0))
    async def echo(event: Note, context: Context) -> Echo:
        if context.delivery_count > 1:
            go_on.set()
            await ended.wait()
            return Echo(number=event.number)
        context.extend(0.05)
        while not go_on.is_set():
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                continue
        try:
            context.publish(Echo(number=-1))
        except ConfigurationError as error:
            late.append(error)
        ended.set()
        return Echo(number=-2)

    await add(client, 1)

    async with running(service, client):
        await until_drained(client)
        assert service.consumers[0].stats.settled["handled"] == 1

    assert await numbers_on(client, "echoes") == [1]
    assert "over" in str(late[0])


@one_server
async def test_a_handler_that_finishes_in_spite_of_its_cancellation_has_done_its_work(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    tries = []
    service = Service(GROUP, redis=server.url)
    service.consume(STREAM, lease=LEASE)

    @service.on(Note, stream=STREAM, publishes="echoes", timeout_seconds=0.1)
    async def echo(event: Note, context: Context) -> Echo:
        tries.append(context.delivery_count)
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            return Echo(number=event.number)
        raise AssertionError

    await add(client, 1)

    async with running(service, client):
        await until_drained(client)

    assert tries == [1]
    assert await numbers_on(client, "echoes") == [1]


@one_server
async def test_a_rejected_event_is_a_dead_letter_at_once_with_the_reason(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    service = Service(GROUP, redis=server.url)

    @service.on(Note, stream=STREAM)
    async def note(event: Note) -> None:
        if event.number == BAD:
            raise Reject("no such order")

    await add(client, BAD)
    await add(client, 1)

    async with running(service, client):
        await until_drained(client)

    letter = await _only_dead_letter(server)
    assert (letter.provenance["reason"], letter.provenance["error"]) == ("rejected", "no such order")
    assert letter.provenance["starts"] == 1


@one_server
@pytest.mark.parametrize("order_by", [lambda _: 1 / 0, lambda _: ["no", "key"]], ids=["raises", "is-no-key"])
async def test_an_ordering_function_that_fails_on_an_event_fails_that_event_alone(
    server: EmbeddedServer, client: redis.asyncio.Redis, order_by: Callable[[Note], Any]
) -> None:
    seen: list[int] = []
    service = Service(GROUP, redis=server.url)

    def key_of(event: Note) -> Any:
        return order_by(event) if event.number == BAD else "same"

    @service.on(Note, stream=STREAM, order_by=key_of, retry=Retry(attempts=2, first_seconds=0.01))
    async def note(event: Note) -> None:
        seen.append(event.number)

    for number in range(20):
        await add(client, number)

    async with running(service, client):
        await until_drained(client)

    assert seen == GOOD
    assert (await _only_dead_letter(server)).provenance["reason"] == "exhausted"


@one_server
async def test_a_consumer_that_broke_says_so_and_leaves_its_entries_to_others(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    def break_down() -> None:
        raise RuntimeError("a defect of the engine")

    seen: list[str] = []
    broken, whole = (Service(GROUP, redis=server.url, consumer=name) for name in ("broken", "whole"))
    for service in (broken, whole):
        service.consume(STREAM, lease=LEASE)

        @service.on(Note, stream=STREAM)
        async def note(_: Note, name: Context) -> None:
            seen.append(name.entry_id)

    await broken.start()
    committer: Any = broken.consumers[0]._committer
    committer._take = break_down
    entry_id = await add(client, 1)
    await eventually(lambda: broken.consumers[0].failure, what="it says that it is broken")

    async with running(whole, client):
        await until_drained(client)

    assert seen == [entry_id, entry_id]
    assert "a defect of the engine" in str(broken.consumers[0].failure)
    await broken.stop()


@asynccontextmanager
async def misbehaving(deed: str) -> AsyncIterator[Callable[[Context], Any]]:
    misbehaviour = Misbehaviour()
    try:
        yield getattr(misbehaviour, deed)
    finally:
        misbehaviour.over.set()


async def _only_dead_letter(server: EmbeddedServer) -> DeadLetter:
    [letter] = await dead_letters(server.url)
    return letter
