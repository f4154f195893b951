"""Promise 8: one event at a time keeps the stream's order; `order_by` keeps it for each key and lets the others go on."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import cycle, islice
from typing import Literal

import redis.asyncio
from tests.support.consuming import dead_letters, one_server
from tests.support.eventually import eventually
from tests.support.programs.worker import Work
from tests.support.workers import GROUP, STREAM, publish

from sluiceway import Context, Lease, Retry, RetryLater, Service
from sluiceway.embedded import EmbeddedServer

LEASE = Lease(seconds=60, poll_seconds=0.1)
SOON = Retry(attempts=3, first_seconds=0.02, cap_seconds=0.02)


class Lanes:
    """A handler that watches over the order of each lane while it runs.

    Args:
        fails: How often the handler fails at an event before it succeeds, by name.
        fails_until: A name at which the handler fails until all of some others were handled.

    Attributes:
        finished: Names in the order in which they were handled.
        begun: Names in the order in which their handler was started.
        overlaps: Names that were started while another of their lane ran.
        widest: Most handlers seen running at once.
    """

    def __init__(
        self,
        lane_of: Callable[[Work, Context], str],
        fails: dict[str, int] | None = None,
        fails_until: tuple[str, set[str]] = ("", set()),
    ) -> None:
        self._waiting, self._waits_for = fails_until
        self._lane_of = lane_of
        self._fails = Counter(fails or {})
        self._running: Counter[str] = Counter()
        self.finished: list[str] = []
        self.begun: list[str] = []
        self.overlaps: list[str] = []
        self.widest = 0

    async def handle(self, work: Work, context: Context) -> None:
        lane = self._lane_of(work, context)
        self.begun.append(work.name)
        if self._running[lane]:
            self.overlaps.append(work.name)
        self._running[lane] += 1
        self.widest = max(self.widest, self._running.total())
        try:
            for _ in range(3):
                await asyncio.sleep(0)
            if self._fails[work.name]:
                self._fails[work.name] -= 1
                raise RetryLater(0.05)
            if work.name == self._waiting and not self._waits_for <= set(self.finished):
                raise RetryLater(0.05)
        finally:
            self._running[lane] -= 1
        self.finished.append(work.name)


def by_key(_: Work, context: Context) -> str:
    return context.key


def first_letter(work: Work) -> str:
    return work.name[0]


def by_letter(work: Work, _: Context) -> str:
    return first_letter(work)


def names(letters: str, count: int) -> list[str]:
    """The first so many of each letter, letters taking turns: a0 b0 a1 b1 …"""
    return [f"{letter}{number}" for number in range(count) for letter in letters]


@asynccontextmanager
async def consuming(
    server: EmbeddedServer,
    lanes: Lanes,
    order_by: Literal["key"] | Callable[[Work], str] | None = "key",
    *,
    in_flight: int = 1024,
    concurrency: int = 16,
    retry: Retry = SOON,
) -> AsyncIterator[None]:
    service = Service(GROUP, redis=server.url)
    service.consume(STREAM, lease=LEASE, in_flight=in_flight)
    service.on(Work, stream=STREAM, concurrency=concurrency, order_by=order_by, retry=retry)(lanes.handle)
    async with service:
        yield


async def publish_names(server: EmbeddedServer, all_names: Iterable[str]) -> None:
    """Publish events of these names, each with its first letter as key."""
    works = [Work(name=name) for name in all_names]
    await publish(server.url, works, keys=[work.name[0] for work in works])


def lanes_of(all_names: Iterable[str]) -> dict[str, list[int]]:
    lanes: defaultdict[str, list[int]] = defaultdict(list)
    for name in all_names:
        lanes[name[0]].append(int(name[1:]))
    return lanes


async def test_one_at_a_time_keeps_the_order_of_the_stream(server: EmbeddedServer) -> None:
    wanted = names("a", 600)
    await publish_names(server, wanted)
    lanes = Lanes(lambda *_: "the only one")
    async with consuming(server, lanes, order_by=None, concurrency=1):
        await eventually(lambda: len(lanes.finished) == len(wanted))
    assert lanes.finished == wanted
    assert lanes.overlaps == []


async def test_events_of_one_key_neither_overlap_nor_overtake_each_other(server: EmbeddedServer) -> None:
    await publish_names(server, names("abcdefgh", 60))
    lanes = Lanes(by_key)
    async with consuming(server, lanes):
        await eventually(lambda: len(lanes.finished) == 480)
    assert lanes.overlaps == []
    assert lanes_of(lanes.finished) == {letter: list(range(60)) for letter in "abcdefgh"}
    assert lanes.widest > 1, "different keys run side by side"


@one_server
async def test_a_function_of_the_event_orders_like_a_key(server: EmbeddedServer) -> None:
    await publish_names(server, names("abcd", 40))
    lanes = Lanes(by_letter)
    async with consuming(server, lanes, order_by=first_letter):
        await eventually(lambda: len(lanes.finished) == 160)
    assert lanes.overlaps == []
    assert lanes_of(lanes.finished) == {letter: list(range(40)) for letter in "abcd"}


@one_server
async def test_events_without_a_key_wait_for_nobody(server: EmbeddedServer) -> None:
    await publish(server.url, [Work(name=f"a{number}") for number in range(40)])
    lanes = Lanes(by_key)
    async with consuming(server, lanes):
        await eventually(lambda: len(lanes.finished) == 40)
    assert lanes.widest > 1


@one_server
async def test_the_lane_of_a_failed_event_waits_and_the_other_keys_go_on(server: EmbeddedServer) -> None:
    await publish_names(server, names("abc", 20))
    lanes = Lanes(by_key, fails_until=("a3", {"b19", "c19"}))
    async with consuming(server, lanes, retry=Retry(attempts=1000, first_seconds=0.02, cap_seconds=0.02)):
        await eventually(lambda: len(lanes.finished) == 60, what="the other lanes end while this one waits")
    assert lanes.overlaps == []
    assert lanes_of(lanes.finished) == {letter: list(range(20)) for letter in "abc"}
    lane = [name for name in lanes.begun if name[0] == "a"]
    assert lane[:3] == ["a0", "a1", "a2"]
    assert lane.count("a3") >= 2
    assert [name for name in lane[3:] if name != "a3"] == [f"a{number}" for number in range(4, 20)]
    assert lane.index("a4") > max(at for at, name in enumerate(lane) if name == "a3")


async def test_keys_keep_their_order_when_events_fail_at_random_places(server: EmbeddedServer) -> None:
    wanted = names("abcdef", 30)
    await publish_names(server, wanted)
    failing = dict(zip(islice(wanted, 0, None, 7), cycle((1, 2)), strict=False))
    lanes = Lanes(by_key, fails=failing)
    async with consuming(server, lanes, in_flight=24):
        await eventually(lambda: len(lanes.finished) == 180, within_seconds=60)
    assert lanes.overlaps == []
    assert lanes_of(lanes.finished) == {letter: list(range(30)) for letter in "abcdef"}


@one_server
async def test_the_lane_goes_on_when_its_head_becomes_a_dead_letter(server: EmbeddedServer) -> None:
    await publish_names(server, names("ab", 5))
    lanes = Lanes(by_key, fails={"a1": 99})
    async with consuming(server, lanes):
        await eventually(lambda: len(lanes.finished) == 9)
        (letter,) = await dead_letters(server.url, STREAM, GROUP)
    assert letter.provenance["starts"] == 3
    assert lanes_of(lanes.finished) == {"a": [0, 2, 3, 4], "b": [0, 1, 2, 3, 4]}
    assert [name for name in lanes.begun if name[0] == "a"] == ["a0", "a1", "a1", "a1", "a2", "a3", "a4"]


async def test_a_failed_event_runs_again_although_its_followers_fill_the_memory(server: EmbeddedServer) -> None:
    await publish_names(server, names("a", 40))
    lanes = Lanes(by_key, fails={"a0": 1, "a7": 2, "a8": 1})
    async with consuming(server, lanes, in_flight=4):
        await eventually(lambda: len(lanes.finished) == 40, what="the lane gets past its failed events")
    assert lanes_of(lanes.finished) == {"a": list(range(40))}


@one_server
async def test_an_order_by_function_that_raises_is_a_failure_of_that_event_alone(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    def letter_of(work: Work) -> str:
        if work.name == "a1":
            raise LookupError("no letter for a1")
        return work.name[0]

    await publish_names(server, names("ab", 4))
    lanes = Lanes(by_letter)
    async with consuming(server, lanes, order_by=letter_of):
        await eventually(lambda: len(lanes.finished) == 7)
        await eventually(lambda: client.xlen("{work}.workers.dead"))
        (letter,) = await dead_letters(server.url, STREAM, GROUP)
    assert letter.provenance["error"] == "no letter for a1"
    assert (letter.provenance["reason"], letter.provenance["errorType"]) == ("exhausted", "LookupError")
    assert lanes_of(lanes.finished) == {"a": [0, 2, 3], "b": [0, 1, 2, 3]}
