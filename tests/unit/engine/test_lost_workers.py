"""Workers that a handler has made unusable: the pool goes on with new ones."""

import asyncio
import time
from typing import Any

import pytest
from tests.support.deliveries import Item, Outcomes, a_delivery, a_handler
from tests.support.eventually import eventually

from sluiceway import Batch
from sluiceway.engine.pool import Pool
from sluiceway.engine.stats import Stats


class Deaf:
    """A handler that ends a run only when it is told to, whatever is asked of it; others it ends at once."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.runs = 0

    async def single(self, item: Item) -> None:
        self.runs += 1
        while item.number == 0 and not self.over.is_set():
            try:
                await self.over.wait()
            except asyncio.CancelledError:
                continue

    async def several(self, batch: Batch[Item]) -> None:
        for each in batch:
            await self.single(each.event)


@pytest.mark.parametrize("batch", [0, 1])
async def test_a_run_that_does_not_end_when_it_is_cancelled_is_given_up_and_the_next_one_runs(batch: int) -> None:
    deaf, outcomes = Deaf(), Outcomes()
    pool = Pool(a_handler(deaf.several if batch else deaf.single, batch=batch), outcomes, Stats())
    pool.start()
    pool.push([a_delivery(pool.handler, 0), a_delivery(pool.handler, 1)])
    await eventually(lambda: deaf.runs == 1)

    pool.cancel_overdue(time.monotonic() + 61)
    pool.cancel_overdue(time.monotonic() + 0.5)
    assert outcomes.all == 0, "it has a second to end"
    pool.cancel_overdue(time.monotonic() + 1.5)

    await eventually(lambda: outcomes.well == [1], within_seconds=3)
    [(number, error)] = outcomes.failures
    assert number == 0
    assert "did not end when it was cancelled" in str(error)
    deaf.over.set()
    await pool.stop()
    assert outcomes.all == 2, "what it did in the end is of no interest"


@pytest.mark.parametrize("batch", [0, 1])
async def test_a_handler_that_cancels_the_task_it_runs_in_fails_alone(batch: int) -> None:
    async def single(item: Item) -> None:
        if item.number < 2:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        if item.number == 0:
            await asyncio.sleep(0)

    async def several(items: Batch[Item]) -> None:
        for each in items:
            await single(each.event)

    outcomes = Outcomes()
    pool = Pool(a_handler(several if batch else single, batch=batch), outcomes, Stats())
    pool.start()
    pool.push([a_delivery(pool.handler, number) for number in range(4)])

    await eventually(lambda: outcomes.all == 4, within_seconds=3)
    await pool.stop()
    assert [(number, type(error)) for number, error in outcomes.failures] == [(0, asyncio.CancelledError)]
    assert outcomes.well == [1, 2, 3]


async def test_a_lost_delivery_that_does_not_end_is_dropped() -> None:
    deaf, outcomes = Deaf(), Outcomes()
    pool = Pool(a_handler(deaf.single), outcomes, Stats())
    pool.start()
    delivery = a_delivery(pool.handler, 0)
    pool.push([delivery])
    await eventually(lambda: delivery.run is not None)
    assert delivery.run is not None

    delivery.lost = True
    delivery.run.cancel("lost")
    pool.cancel_overdue(time.monotonic() + 1.5)

    assert outcomes.lost == [0]
    deaf.over.set()
    await pool.stop()


async def test_a_worker_that_ended_is_not_replaced_once_the_pool_stops() -> None:
    deaf, outcomes = Deaf(), Outcomes()
    pool = Pool(a_handler(deaf.single), outcomes, Stats())
    pool.start()
    pool.push([a_delivery(pool.handler, 0)])
    await eventually(lambda: deaf.runs == 1)
    pool.cancel_overdue(time.monotonic() + 61)
    pool.stop_starting()
    pool.cancel_overdue(time.monotonic() + 1.5)
    await pool.wait_until_quiet()

    others: set[asyncio.Task[Any]] = asyncio.all_tasks() - {asyncio.current_task()}
    assert len(others) == 1, "only the deaf one is left"
    deaf.over.set()
    await pool.stop()
    assert all(task.done() for task in others)
