"""Many callers share one call, and each gets its own result."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from shop_events.together import Together


class Doubling:
    """Doubles numbers, each call as soon as it is let go; remembers what each call was given."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.begun = asyncio.Event()
        self.may_go = asyncio.Event()

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.calls.append(list(numbers))
        self.begun.set()
        await self.may_go.wait()
        if 13 in numbers:
            raise ValueError("13 cannot be doubled")
        return [2 * number for number in numbers]


async def test_callers_of_the_same_moment_share_one_call_and_each_gets_its_own_result() -> None:
    doubling = Doubling()
    doubling.may_go.set()
    double = Together(doubling)

    results = await asyncio.gather(*(double(number) for number in range(5)))

    assert results == [0, 2, 4, 6, 8]
    assert doubling.calls == [[0, 1, 2, 3, 4]]


async def test_who_comes_while_a_call_is_under_way_is_in_the_next_one() -> None:
    doubling = Doubling()
    double = Together(doubling)
    async with asyncio.TaskGroup() as callers:
        first = callers.create_task(double(1))
        await doubling.begun.wait()
        later = [callers.create_task(double(number)) for number in (2, 3)]
        doubling.may_go.set()

    assert doubling.calls == [[1], [2, 3]]
    assert [first.result(), *(one.result() for one in later)] == [2, 4, 6]


async def test_a_call_has_a_bounded_size() -> None:
    doubling = Doubling()
    doubling.may_go.set()
    double = Together(doubling)

    await asyncio.gather(*(double(number + 100) for number in range(300)))

    assert [len(call) for call in doubling.calls] == [256, 44]


async def test_an_error_is_every_callers_whose_item_was_in_the_call_and_nobody_elses() -> None:
    doubling = Doubling()
    double = Together(doubling)
    failing = [asyncio.ensure_future(double(number)) for number in (12, 13)]
    await doubling.begun.wait()
    after = asyncio.ensure_future(double(14))
    doubling.may_go.set()

    for each in failing:
        with pytest.raises(ValueError, match="13 cannot be doubled"):
            await each
    assert await after == 28


async def test_who_gives_up_before_the_call_began_is_left_out_of_it() -> None:
    doubling = Doubling()
    double = Together(doubling)
    first = asyncio.ensure_future(double(1))
    await doubling.begun.wait()
    impatient, patient = (asyncio.ensure_future(double(number)) for number in (2, 3))
    await asyncio.sleep(0)  # both have asked now
    impatient.cancel()
    doubling.may_go.set()

    assert [await first, await patient] == [2, 6]
    assert doubling.calls == [[1], [3]]


async def test_who_gives_up_during_the_call_does_not_disturb_the_others() -> None:
    doubling = Doubling()
    double = Together(doubling)
    impatient, patient = (asyncio.ensure_future(double(number)) for number in (1, 2))
    await doubling.begun.wait()
    impatient.cancel()
    doubling.may_go.set()

    assert await patient == 4
    assert impatient.cancelled() or impatient.cancelling()
