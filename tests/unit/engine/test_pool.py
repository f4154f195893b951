"""A handler's workers: how many run at once, what ends a run, and that a worker survives whatever a handler does."""

import asyncio
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.support.deliveries import Item, Outcomes, a_delivery, a_handler
from tests.support.eventually import eventually

from sluiceway import Batch, Context, Event
from sluiceway.engine.pool import Pool
from sluiceway.engine.stats import Stats


class Output(Event, type="OUTPUT"):
    number: int


@asynccontextmanager
async def a_pool(
    call: Callable[..., Awaitable[Any]], **options: Any
) -> AsyncIterator[tuple[Pool, Outcomes, Callable[..., None]]]:
    outcomes = Outcomes()
    pool = Pool(a_handler(call, **options), outcomes, Stats())
    pool.start()
    yield pool, outcomes, lambda *numbers: pool.push([a_delivery(pool.handler, number) for number in numbers])
    await pool.stop()


async def test_no_more_run_at_once_than_its_concurrency_and_they_begin_in_order() -> None:
    gate, begun = asyncio.Event(), []

    async def handle(item: Item) -> None:
        begun.append(item.number)
        await gate.wait()

    async with a_pool(handle, concurrency=3) as (_, outcomes, push):
        push(0, 1, 2, 3, 4)
        await eventually(lambda: len(begun) == 3)
        for _ in range(20):
            await asyncio.sleep(0)
        assert begun == [0, 1, 2]
        gate.set()
        await eventually(lambda: outcomes.well == [0, 1, 2, 3, 4])


async def test_handlers_that_do_not_suspend_leave_the_event_loop_to_others() -> None:
    async def handle(_: Item) -> None:
        time.sleep(0.0005)  # noqa: ASYNC251 - a busy handler

    async with a_pool(handle) as (_, outcomes, push):
        push(*range(200))
        turns = 0
        while outcomes.all < 200:
            await asyncio.sleep(0)
            turns += 1
    assert turns >= 20


@pytest.mark.parametrize("error", [ValueError("no"), BaseException("worse"), asyncio.CancelledError()])
async def test_whatever_a_handler_raises_is_a_failed_attempt_and_the_next_one_runs(error: BaseException) -> None:
    async def handle(item: Item) -> None:
        if item.number == 0:
            raise error

    async with a_pool(handle) as (_, outcomes, push):
        push(0, 1)
        await eventually(lambda: outcomes.all == 2)
    assert outcomes.failures == [(0, error)]
    assert outcomes.well == [1]


async def test_a_run_past_its_time_limit_is_cancelled_and_fails_with_a_time_out() -> None:
    async def handle(item: Item) -> None:
        if item.number == 0:
            await asyncio.Event().wait()

    async with a_pool(handle, timeout_seconds=60) as (pool, outcomes, push):
        push(0, 1)
        await eventually(lambda: pool._runs)
        pool.cancel_overdue(time.monotonic() + 30)
        for _ in range(5):
            await asyncio.sleep(0)
        assert outcomes.all == 0, "not overdue yet"
        pool.cancel_overdue(time.monotonic() + 61)
        await eventually(lambda: outcomes.all == 2)
    ((number, error),) = outcomes.failures
    assert number == 0
    assert isinstance(error, TimeoutError)
    assert outcomes.well == [1]


async def test_extend_moves_the_time_limit() -> None:
    gate = asyncio.Event()

    async def handle(_: Item, context: Context) -> None:
        context.extend(600)
        await gate.wait()

    async with a_pool(handle, timeout_seconds=60) as (pool, outcomes, push):
        push(0)
        await eventually(lambda: pool._runs)
        pool.cancel_overdue(time.monotonic() + 500)
        gate.set()
        await eventually(lambda: outcomes.well == [0])


async def test_a_handler_that_finishes_although_it_was_cancelled_has_succeeded() -> None:
    async def handle(_: Item) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    async with a_pool(handle) as (pool, outcomes, push):
        push(0)
        await eventually(lambda: pool._runs)
        pool.cancel_overdue(time.monotonic() + 61)
        await eventually(lambda: outcomes.well == [0])


@pytest.mark.parametrize("batch", [0, 1])
async def test_a_worker_survives_a_handler_that_turns_its_cancellation_into_an_error(batch: int) -> None:
    async def turn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as cancelled:
            raise ValueError from cancelled

    async def await_what_was_cancelled() -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    steps = [turn, await_what_was_cancelled]

    async def single(item: Item) -> None:
        if item.number < 2:
            await steps[item.number]()

    async def several(items: Batch[Item]) -> None:
        for each in items:
            await single(each.event)

    async with a_pool(several if batch else single, batch=batch) as (pool, outcomes, push):
        push(0, 1, 2)
        await eventually(lambda: pool._runs)
        pool.cancel_overdue(time.monotonic() + 61)
        await eventually(lambda: outcomes.well == [2])
    assert [type(error) for _, error in outcomes.failures] == [ValueError, asyncio.CancelledError]


async def test_a_delivery_that_was_lost_before_its_turn_is_dropped_unrun() -> None:
    ran = []

    async def handle(item: Item) -> None:
        ran.append(item.number)

    async with a_pool(handle) as (pool, outcomes, _):
        lost, kept = a_delivery(pool.handler, 0), a_delivery(pool.handler, 1)
        lost.lost = True
        pool.push([lost, kept])
        await eventually(lambda: outcomes.all == 2)
    assert ran == [1]
    assert outcomes.lost == [0]


async def test_a_delivery_that_is_lost_while_it_runs_is_cancelled_and_dropped() -> None:
    async def handle(_: Item) -> None:
        await asyncio.Event().wait()

    async with a_pool(handle) as (pool, outcomes, _):
        delivery = a_delivery(pool.handler, 0)
        pool.push([delivery])
        await eventually(lambda: delivery.run)
        delivery.lost = True
        assert delivery.run is not None
        delivery.run.cancel("lost")
        await eventually(lambda: outcomes.lost == [0])


async def test_once_told_to_it_starts_nothing_more_and_is_quiet_when_what_runs_is_done() -> None:
    gate, begun = asyncio.Event(), []

    async def handle(item: Item) -> None:
        begun.append(item.number)
        await gate.wait()

    async with a_pool(handle) as (pool, outcomes, push):
        push(0, 1)
        await eventually(lambda: begun)
        pool.stop_starting()
        push(2)
        quiet = asyncio.create_task(pool.wait_until_quiet())
        for _ in range(5):
            await asyncio.sleep(0)
        assert not quiet.done()
        gate.set()
        await quiet
        await eventually(lambda: outcomes.well == [0])
        assert begun == [0]


@pytest.mark.parametrize("batch", [0, 5])
async def test_a_stop_ends_the_workers_even_where_a_handler_swallows_its_cancellation(batch: int) -> None:
    begun = asyncio.Event()

    async def swallow(_: Any) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    async def several(items: Batch[Item]) -> None:
        await swallow(items)

    pool = Pool(a_handler(several if batch else swallow, batch=batch, concurrency=2), Outcomes(), Stats())
    pool.start()
    pool.push([a_delivery(pool.handler, 0)])
    await begun.wait()
    pool.stop_starting()
    await pool.stop()
    assert all(worker.done() for worker in pool._workers)


async def test_what_a_handler_returns_goes_to_its_stream() -> None:
    async def handle(item: Item) -> list[Output]:
        return [Output(number=item.number), Output(number=item.number + 1)]

    async with a_pool(handle, publishes="outputs") as (pool, outcomes, _):
        delivery = a_delivery(pool.handler, 7)
        pool.push([delivery])
        await eventually(lambda: outcomes.all)
    assert outcomes.well == [7]
    assert [stream for stream, _ in delivery.outputs] == ["outputs", "outputs"]


@pytest.mark.parametrize(("result", "told"), [("text", "returned str"), ([Output(number=1), 2], "returned int")])
async def test_a_result_that_is_no_event_is_a_failed_attempt_that_says_so(result: Any, told: str) -> None:
    async def handle(_: Item) -> Any:
        return result

    async with a_pool(handle, publishes="outputs") as (_, outcomes, push):
        push(0)
        await eventually(lambda: outcomes.all)
    ((_, error),) = outcomes.failures
    assert told in str(error)


async def test_a_batch_is_filled_as_far_as_there_is_something_and_no_further_than_allowed() -> None:
    sizes = []

    async def handle(items: Batch[Item]) -> None:
        sizes.append(len(items))
        await asyncio.sleep(0)

    async with a_pool(handle, batch=4) as (_, outcomes, push):
        push(*range(10))
        await eventually(lambda: len(outcomes.well) == 10)
    assert sizes == [4, 4, 2]


async def test_a_batch_waits_for_more_but_not_longer_than_allowed() -> None:
    sizes = []

    async def handle(items: Batch[Item]) -> None:
        sizes.append(len(items))

    async with a_pool(handle, batch=3, batch_wait_seconds=60.0) as (_, outcomes, push):
        push(0)
        await asyncio.sleep(0)
        push(1, 2)
        await eventually(lambda: len(outcomes.well) == 3)
    async with a_pool(handle, batch=3, batch_wait_seconds=0.02) as (_, outcomes, push):
        push(0)
        await eventually(lambda: outcomes.well == [0])
    assert sizes == [3, 1]


async def test_items_of_a_batch_have_outcomes_of_their_own() -> None:
    async def handle(items: Batch[Item]) -> None:
        one, two, _ = items
        items.retry(one, after_seconds=1)
        items.reject(two, reason="no")

    async with a_pool(handle, batch=3) as (_, outcomes, push):
        push(0, 1, 2)
        await eventually(lambda: outcomes.all == 3)
    assert [(number, type(error).__name__) for number, error in outcomes.failures] == [(0, "RetryLater"), (1, "Reject")]
    assert outcomes.well == [2]


async def test_a_handler_that_ran_out_of_memory_holds_nothing_any_more_wherever_its_frames_hang() -> None:
    taken: list[weakref.ref[Any]] = []

    async def handle(_: Item) -> None:
        memory = asyncio.Event()  # stands for what a handler has taken
        taken.append(weakref.ref(memory))
        try:
            raise MemoryError  # noqa: TRY301 - its frame is the one that holds it
        except MemoryError:
            # As the interpreter does where there is no memory left to note a frame of the first one.
            raise MemoryError from None

    async with a_pool(handle) as (_, outcomes, push):
        push(0)
        await eventually(lambda: outcomes.all == 1)

        assert [reference() for reference in taken] == [None]
