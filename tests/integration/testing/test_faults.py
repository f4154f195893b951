"""Faults on request do the same on the server in memory and on real ones, and cost nobody an event."""

import asyncio

import pytest
from tests.support.till import NOWHERE, Noted, Ordered, Paid, Till, bookkeeper

from sluiceway import Publisher, RetryLater, Unavailable
from sluiceway.testing import Kit, Outcome


def statuses(*outcomes: Outcome) -> list[tuple[str, int]]:
    return [(outcome.status, outcome.delivery_count) for outcome in outcomes]


async def test_after_a_crash_before_the_commit_another_consumer_runs_the_handler_again(redis: str | None) -> None:
    till = Till()
    async with Kit(till.service(), redis=redis) as kit:
        kit.faults.crash_before_commit()
        outcome = await kit.deliver(Ordered(order_id="A-1"))
        await kit.settle()

        assert statuses(*kit.outcomes) == [("done", 2)]
        assert outcome.outputs.one(Paid).order_id == "A-1"
        assert till.counts == [1, 2]
        assert len(await kit.published("payments")) == 1


async def test_a_process_that_crashes_again_and_again_gets_rid_of_the_event_that_is_there(redis: str | None) -> None:
    till = Till()
    async with Kit(till.service(), redis=redis) as kit:
        for _ in range(2):
            kit.faults.crash_before_commit()
        outcome = await kit.deliver(Ordered(order_id="A-1"))

        assert statuses(outcome) == [("done", 3)]
        assert till.counts == [1, 2, 3]
        assert len(await kit.published("payments")) == 1


async def test_only_the_first_commit_of_a_race_publishes(redis: str | None) -> None:
    till = Till()
    async with Kit(till.service(), redis=redis) as kit:
        kit.faults.claim_race()
        outcome = await kit.deliver(Ordered(order_id="A-1"))
        await kit.settle()

        assert statuses(*kit.outcomes) == [("done", 2), ("duplicate", 1)]
        assert outcome.outputs.events == [Noted(order_id="A-1"), Paid(order_id="A-1")]
        assert till.counts == [1, 2]
        assert len(await kit.published("payments")) == 1


async def test_an_event_that_was_trimmed_while_it_was_handled_is_done_or_said_to_be_lost(redis: str | None) -> None:
    async with Kit(Till().service(), redis=redis) as kit:
        kit.faults.trimmed_body()
        outcome = await kit.deliver(Ordered(order_id="A-1"))

        # The search for expired leases may find it first, and drops what has no body.
        assert outcome.status in ("done", "lost_to_trimming")
        assert len(await kit.published("orders")) == 0
        assert len(await kit.published("payments")) == len(outcome.outputs.on("payments"))
        assert bool(outcome.outputs) is (outcome.status == "done")


async def test_an_event_that_was_trimmed_before_its_retry_is_lost_and_said_to_be(redis: str | None) -> None:
    till = Till(failures=[RetryLater(10)])
    async with Kit(till.service(), redis=redis) as kit:
        kit.faults.trimmed_body()
        first = await kit.deliver(Ordered(order_id="A-1"))
        outcomes = await kit.settle()

        (second,) = outcomes
        assert first.status == "retried"
        assert second.status in ("lost_to_trimming", "gone")
        assert till.charged == ["A-1"]
        assert await kit.dead_letters("orders") == []


async def test_a_group_that_was_destroyed_is_made_anew_and_the_event_is_handled_again(redis: str | None) -> None:
    till = Till()
    async with Kit(till.service(), redis=redis) as kit:
        kit.faults.no_group()
        outcome = await kit.deliver(Ordered(order_id="A-1"))
        await kit.settle()

        assert outcome.status == "done"
        assert till.charged in (["A-1"], ["A-1", "A-1"])
        assert len(await kit.published("payments")) == 1


async def test_a_handler_that_is_too_slow_is_cancelled_and_tried_again(redis: str | None) -> None:
    till = Till()
    async with Kit(till.service(), redis=redis) as kit:
        kit.faults.time_out()
        first = await kit.deliver(Ordered(order_id="A-1"))
        outcomes = await kit.settle()

        assert statuses(first, *outcomes) == [("timed_out", 1), ("done", 2)]
        assert first.retry_after_seconds is not None
        assert till.counts == [1, 2]
        assert len(await kit.published("payments")) == 1


async def test_what_a_producer_publishes_twice_has_its_outputs_once(redis: str | None) -> None:
    till = Till()
    async with Kit(till.service(), redis=redis) as kit, Publisher(NOWHERE, stream="orders") as publisher:
        kit.faults.duplicate()
        await kit.deliver(Ordered(order_id="A-1"))
        kit.faults.duplicate()
        await publisher.publish(Ordered(order_id="A-2"))
        await kit.settle()

        assert sorted(each.status for each in kit.outcomes) == ["done", "done", "duplicate", "duplicate"]
        assert set(till.charged) == {"A-1", "A-2"}
        assert [each.order_id for each in (await kit.published("payments")).all(Paid)] == ["A-1", "A-2"]


async def test_while_the_server_is_down_publishing_says_so_and_what_is_handled_is_kept(redis: str | None) -> None:
    till = Till()
    async with Kit(till.service(), redis=redis) as kit, Publisher(NOWHERE, stream="orders") as publisher:
        with kit.faults.server_down(), pytest.raises(Unavailable):
            await publisher.publish(Ordered(order_id="A-1"))

        await publisher.publish(Ordered(order_id="A-2"))
        await kit.settle()

    assert till.charged == ["A-2"]


async def test_faults_of_a_flow_happen_where_they_are_due_and_lose_nothing(redis: str | None) -> None:
    booked: list[str] = []
    async with Kit(Till().service(), bookkeeper(booked), redis=redis) as kit:
        kit.faults.duplicate()
        kit.faults.crash_before_commit()
        kit.faults.claim_race()
        await asyncio.gather(*(kit.deliver(Ordered(order_id=str(number))) for number in range(5)))
        await kit.settle()

        assert sorted(booked) == ["0", "1", "2", "3", "4"]
        assert len(await kit.published("payments")) == 5
        assert len(await kit.published("books")) == 5
