"""What a kit tells of services, on the server in memory and on real ones alike."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from tests.support.eventually import eventually
from tests.support.till import NOWHERE, Noted, Ordered, Paid, Till, Unwanted, bookkeeper, clerk

from sluiceway import (
    ConfigurationError,
    Context,
    DeadLetters,
    Deduplicate,
    Publisher,
    Reject,
    Retry,
    RetryLater,
    Service,
    Unavailable,
)
from sluiceway.testing import Kit


async def test_what_a_handler_returns_and_publishes_is_in_the_outcome(redis: str | None) -> None:
    async with Kit(Till().service(), redis=redis) as kit:
        outcome = await kit.deliver(Ordered(order_id="A-1"), key="alice", correlation_id="flow-1")

        assert (outcome.status, outcome.service, outcome.stream) == ("done", "till", "orders")
        assert (outcome.delivery_count, outcome.correlation_id, outcome.is_final) == (1, "flow-1", True)
        assert outcome.outputs.events == [Noted(order_id="A-1"), Paid(order_id="A-1")]
        assert outcome.outputs.one(Paid).order_id == "A-1"
        assert [(each.stream, each.key, each.causation_id) for each in outcome.outputs] == [
            ("notes", "till", outcome.event_id),
            ("payments", "", outcome.event_id),
        ]
        assert {each.correlation_id for each in outcome.outputs} == {"flow-1"}


async def test_the_outputs_of_an_outcome_are_what_is_in_the_streams(redis: str | None) -> None:
    async with Kit(Till().service(), redis=redis) as kit:
        outcome = await kit.deliver(Ordered(order_id="A-1"))

        for stream in ("notes", "payments"):
            published = await kit.published(stream)
            assert [each.fields for each in published] == [each.fields for each in outcome.outputs.on(stream)]
            assert all(each.entry_id for each in published)


async def test_a_handler_that_publishes_nothing_is_done_without_outputs(redis: str | None) -> None:
    service = Service("quiet", redis=NOWHERE)

    @service.on(Ordered, stream="orders")
    async def handle(_: Ordered) -> None:
        pass

    async with Kit(service, redis=redis) as kit:
        outcome = await kit.deliver(Ordered(order_id="A-1"))

    assert (outcome.status, len(outcome.outputs)) == ("done", 0)


async def test_a_failed_attempt_says_what_was_raised_and_when_it_is_repeated(redis: str | None) -> None:
    failure = ValueError("no change")
    till = Till(failures=[failure])
    async with Kit(till.service(Retry(attempts=3, first_seconds=20, jitter=0)), redis=redis) as kit:
        outcome = await kit.deliver(Ordered(order_id="A-1"))

        assert (outcome.status, outcome.retry_after_seconds, outcome.is_final) == ("retried", 20, False)
        assert outcome.error is failure
        with pytest.raises(ValueError, match="no change"):
            outcome.raise_error()
        assert len(outcome.outputs) == 0


async def test_retries_wait_until_time_is_let_pass(redis: str | None) -> None:
    till = Till(failures=[RetryLater(30), RetryLater(30)])
    async with Kit(till.service(), redis=redis) as kit:
        await kit.deliver(Ordered(order_id="A-1"))

        assert await kit.advance(29) == ()
        (second,) = await kit.advance(1)
        (third,) = await kit.advance(30)

    assert [each.status for each in (second, third)] == ["retried", "done"]
    assert till.counts == [1, 2, 3]


async def test_settle_lets_pass_the_time_that_it_takes(redis: str | None) -> None:
    till = Till(failures=[RetryLater(3600), ValueError("no change")])
    async with Kit(till.service(), redis=redis) as kit:
        await kit.deliver(Ordered(order_id="A-1"))

        outcomes = await kit.settle()

    assert [(each.status, each.delivery_count) for each in outcomes] == [("retried", 2), ("done", 3)]
    assert kit.outcomes[1:] == outcomes


async def test_an_exhausted_event_is_a_dead_letter_with_its_reason(redis: str | None) -> None:
    till = Till(failures=[ValueError(str(number)) for number in range(3)])
    service = till.service()
    async with Kit(service, redis=redis) as kit:
        first = await kit.deliver(Ordered(order_id="A-1"))
        *_, last = await kit.settle()
        (letter,) = await kit.dead_letters("orders")

    assert (last.status, last.reason, last.delivery_count) == ("dead_lettered", "exhausted", 3)
    assert last.error_text == "ValueError: 2"
    assert str(last.error) == "2"
    assert letter.provenance["eventId"] == first.event_id
    assert letter.provenance["starts"] == 3


async def test_a_rejected_event_is_a_dead_letter_at_once(redis: str | None) -> None:
    async with Kit(Till().service(), redis=redis) as kit:
        outcome = await kit.deliver(Ordered(order_id="A-1", cents=-1))

        assert (outcome.status, outcome.reason) == ("rejected", "rejected")
        assert isinstance(outcome.error, Reject)
        assert len(outcome.outputs) == 0
        assert len(await kit.dead_letters("orders")) == 1


async def test_the_delivery_count_may_begin_anywhere(redis: str | None) -> None:
    till = Till(failures=[ValueError("again")])
    async with Kit(till.service(), redis=redis) as kit:
        last_chance = await kit.deliver(Ordered(order_id="A-1"), delivery_count=3)
        second = await kit.deliver(Ordered(order_id="A-2"), delivery_count=2)

    assert (last_chance.status, last_chance.reason) == ("dead_lettered", "exhausted")
    assert (second.status, second.delivery_count) == ("done", 2)
    assert till.counts == [3, 2]


async def test_a_second_event_of_the_same_id_is_a_duplicate(redis: str | None) -> None:
    till = Till()
    async with Kit(till.service(), redis=redis) as kit:
        await kit.deliver(Ordered(order_id="A-1"), event_id="once")
        outcome = await kit.deliver(Ordered(order_id="A-1"), event_id="once")

        assert outcome.status == "duplicate"
        assert till.charged == ["A-1"]
        assert len(await kit.published("payments")) == 1


async def test_the_window_of_duplicates_ends_when_its_time_has_passed() -> None:
    till = Till()
    service = till.service()
    service.consume("orders", deduplicate=Deduplicate(seconds=60))
    async with Kit(service) as kit:
        await kit.deliver(Ordered(order_id="A-1"), event_id="once")
        await kit.advance(121)
        outcome = await kit.deliver(Ordered(order_id="A-1"), event_id="once")

    assert outcome.status == "done"


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"type": "ORDERED", "payload": '{"orderId": "A-1"}'}, "done", None),
        ({"type": "ORDERED", "payload": "{"}, "dead_lettered", "undecodable"),
        ({"type": "ORDERED", "payload": b"\xff"}, "dead_lettered", "undecodable"),
        ({"type": "ORDERED", "payload": "{}"}, "dead_lettered", "invalid"),
        ({"type": "ORDERED", "version": "9", "payload": "{}"}, "dead_lettered", "unknown_version"),
        ({"payload": "{}"}, "dead_lettered", "undecodable"),
        ({"type": "UNWANTED", "payload": "{}"}, "ignored", None),
    ],
)
async def test_an_entry_may_be_anything(
    fields: dict[str, str | bytes], status: str, reason: str | None, redis: str | None
) -> None:
    async with Kit(Till().service(), redis=redis) as kit:
        outcome = await kit.deliver_fields("orders", fields)

        assert (outcome.status, outcome.reason) == (status, reason)
        assert len(await kit.dead_letters("orders")) == (reason is not None)


async def test_a_type_without_a_handler_follows_what_the_service_says(redis: str | None) -> None:
    async with Kit(clerk(unhandled=True), redis=redis) as kit:
        outcome = await kit.deliver(Unwanted(), stream="orders")

    assert (outcome.status, outcome.reason) == ("dead_lettered", "unhandled")


async def test_each_event_of_a_batch_has_an_outcome_of_its_own(redis: str | None) -> None:
    async with Kit(clerk(), redis=redis) as kit:
        first, second, third = await kit.deliver_many([Ordered(order_id=each) for each in ("first", "second", "third")])

        assert (first.status, first.outputs.one(Noted).order_id) == ("done", "first")
        assert (second.status, second.retry_after_seconds) == ("retried", 7)
        assert isinstance(second.error, RetryLater)
        assert (third.status, third.error_text) == ("rejected", "Reject: unreadable")


async def test_events_of_one_key_are_handled_in_their_order(redis: str | None) -> None:
    service, handled = Service("lanes", redis=NOWHERE), []

    @service.on(Ordered, stream="orders", order_by="key")
    async def handle(order: Ordered, context: Context) -> None:
        if order.order_id == "1" and context.delivery_count == 1:
            raise RetryLater(10)
        handled.append(order.order_id)

    async with Kit(service, redis=redis) as kit:
        first = asyncio.create_task(kit.deliver(Ordered(order_id="1"), key="a"))
        await first
        other = await kit.deliver(Ordered(order_id="3"), key="b")
        behind = asyncio.create_task(kit.deliver(Ordered(order_id="2"), key="a"))
        await kit.deliver(Ordered(order_id="4"), key="b")
        (retried,) = [each for each in kit.outcomes if each.status == "retried"]
        assert (other.status, retried.entry_id, handled) == ("done", first.result().entry_id, ["3", "4"])

        kit_settled = await kit.settle()

        assert (await behind).status == "done"
    assert handled == ["3", "4", "1", "2"]
    assert [each.status for each in kit_settled] == ["done", "done"]


async def test_a_flow_runs_through_all_services_until_nothing_is_left(redis: str | None) -> None:
    booked: list[str] = []
    async with Kit(Till().service(), bookkeeper(booked), redis=redis) as kit:
        order = await kit.deliver(Ordered(order_id="A-1"), correlation_id="flow-1")
        await kit.settle()

        (book,) = await kit.published("books")
        assert book.event == Noted(order_id="A-1")
        assert book.correlation_id == "flow-1"
        assert book.causation_id == order.outputs.on("payments")[0].event_id
    assert booked == ["A-1"]
    assert [(each.service, each.status) for each in kit.outcomes] == [
        ("till", "done"),
        ("bookkeeper", "retried"),
        ("bookkeeper", "done"),
    ]


async def test_two_services_of_one_stream_have_an_outcome_each(redis: str | None) -> None:
    till, other = Till().service(), Service("other", redis=NOWHERE)

    @other.on(Ordered, stream="orders")
    async def refuse(_: Ordered) -> None:
        raise Reject("not ours")

    async with Kit(till, other, redis=redis) as kit:
        with pytest.raises(ConfigurationError, match="service="):
            await kit.deliver(Ordered(order_id="A-1"))
        outcome = await kit.deliver(Ordered(order_id="A-1"), service=other)
        await kit.settle()

        assert outcome.status == "rejected"
        assert sorted(each.status for each in kit.outcomes) == ["done", "rejected"]
        assert await kit.dead_letters("orders", till) == []


async def test_what_publishers_publish_is_caught_wherever_they_were_to_go(redis: str | None) -> None:
    service = Service("till", redis=NOWHERE)
    own, shared = Publisher(NOWHERE, stream="audit"), service.publisher("orders")

    @service.on(Ordered, stream="orders")
    async def handle(order: Ordered) -> None:
        await own.publish(Noted(order_id=order.order_id))

    async with Kit(service, redis=redis) as kit:
        receipt = await shared.publish(Ordered(order_id="A-1"), key="alice")
        (outcome,) = await kit.settle()

        assert (outcome.event_id, outcome.status) == (receipt.event_id, "done")
        assert [each.key for each in await kit.published("orders")] == ["alice"]
        (audited,) = await kit.published("audit")
        assert (audited.event, audited.causation_id) == (Noted(order_id="A-1"), receipt.event_id)


async def test_a_kit_without_services_catches_what_is_published(redis: str | None) -> None:
    async with Kit(redis=redis) as kit, Publisher(NOWHERE, stream="orders") as publisher:
        await publisher.publish_many([Ordered(order_id=str(number)) for number in range(3)])

        assert [each.order_id for each in (await kit.published("orders")).all(Ordered)] == ["0", "1", "2"]


async def test_an_application_that_runs_its_own_service_runs_it_on_the_kits_server(redis: str | None) -> None:
    service, app = Till().service(), web.Application()
    publisher = service.publisher("orders")
    service.attach(app)

    async def order(_: web.Request) -> web.Response:
        await publisher.publish(Ordered(order_id="A-1"))
        return web.Response(status=202)

    app.router.add_post("/orders", order)
    async with Kit(redis=redis) as kit, TestClient(TestServer(app)) as client:
        async with client.post("/orders", headers={"X-Correlation-Id": "flow-1"}) as answer:
            assert answer.status == 202

        (payment,) = await eventually(lambda: kit.published("payments"), what="the payment")
        assert (payment.event, payment.correlation_id) == (Paid(order_id="A-1"), "flow-1")


async def test_a_replayed_dead_letter_is_delivered_again(redis: str | None) -> None:
    till = Till(failures=[Reject("not today")])
    async with Kit(till.service(), redis=redis) as kit:
        buried = await kit.deliver(Ordered(order_id="A-1"))
        async with DeadLetters(NOWHERE, "orders", "till") as letters:
            await letters.replay_all()
        (outcome,) = await kit.settle()

        assert (outcome.status, outcome.entry_id) == ("done", buried.entry_id)
        assert await kit.dead_letters("orders") == []


async def test_nothing_goes_to_the_kit_when_it_has_ended() -> None:
    publisher = Publisher(NOWHERE, stream="orders", timeout_seconds=0.5)
    async with Kit():
        await publisher.publish(Ordered(order_id="A-1"))

    with pytest.raises(Unavailable):
        await publisher.publish(Ordered(order_id="A-2"))
    await publisher.close()


async def test_a_handler_that_hangs_is_named() -> None:
    service = Service("till", redis=NOWHERE)

    @service.on(Ordered, stream="orders")
    async def hang(_: Ordered) -> None:
        await asyncio.Event().wait()

    async with Kit(service, patience_seconds=0.2) as kit:
        with pytest.raises(AssertionError, match=r"in vain for an outcome of .*running: .*hang"):
            await kit.deliver(Ordered(order_id="A-1"))


async def test_a_handler_that_hangs_times_out_when_its_time_has_passed(redis: str | None) -> None:
    service, stuck = Service("till", redis=NOWHERE), asyncio.Event()

    @service.on(Ordered, stream="orders", timeout_seconds=60, retry=Retry(attempts=1))
    async def hang(_: Ordered) -> None:
        stuck.set()
        await asyncio.Event().wait()

    async with Kit(service, redis=redis) as kit:
        delivery = asyncio.create_task(kit.deliver(Ordered(order_id="A-1")))
        await stuck.wait()
        await kit.advance(61)
        outcome = await delivery

    assert (outcome.status, outcome.error_text) == (
        "dead_lettered",
        "TimeoutError: the handler took longer than 60 s",
    )


async def test_an_event_that_no_service_takes_is_refused() -> None:
    async with Kit(Till().service()) as kit:
        with pytest.raises(ConfigurationError, match=r"UNWANTED version 1.*stream="):
            await kit.deliver(Unwanted())
        with pytest.raises(ConfigurationError, match="elsewhere is read by no service"):
            await kit.deliver(Ordered(order_id="A-1"), stream="elsewhere")


def test_two_services_of_one_group_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="'till', 'till'"):
        Kit(Till().service(), Till().service())


async def test_a_group_that_begins_at_the_latest_entry_gets_what_is_delivered(redis: str | None) -> None:
    service = Till().service()
    service.consume("orders", start="latest")
    async with Kit(service, redis=redis) as kit:
        assert (await kit.deliver(Ordered(order_id="A-1"))).status == "done"
