"""The rules of the Lease, with clocks that a test lets pass and an API server that is a dictionary with versions."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.control import Clock
from typing_extensions import override

from sluiceway_operator.kube import Api, ApiFault, Lease, LeaseName, LeaseTimes
from sluiceway_operator.ports import NotLeading

NAME = LeaseName("sluiceway", "operator")
TIMES = LeaseTimes(duration_seconds=6, renew_seconds=1, margin_seconds=2)


class LeaseServer(Api):
    """One Lease with optimistic locking; what the real one does with it is tested in tests/cluster."""

    def __init__(self) -> None:
        self.stored: dict[str, Any] | None = None
        self.down = False
        self.writes: list[str] = []
        self.before_write: Callable[[], None] = lambda: None

    @override
    async def get(self, path: str, query: Any = None) -> dict[str, Any]:
        self._answer()
        if self.stored is None:
            raise ApiFault(404, "not found")
        return copy.deepcopy(self.stored)

    @override
    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self._answer()
        self.before_write()
        if self.stored is not None:
            raise ApiFault(409, "exists")
        return self._store(body, 1)

    @override
    async def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self._answer()
        self.before_write()
        assert self.stored is not None
        version = self.stored["metadata"]["resourceVersion"]
        if body["metadata"]["resourceVersion"] != version:
            raise ApiFault(409, "changed")
        return self._store(body, int(version) + 1)

    def _answer(self) -> None:
        if self.down:
            raise ApiFault(0, "nobody answers")

    def _store(self, body: dict[str, Any], version: int) -> dict[str, Any]:
        self.stored = copy.deepcopy(body)
        self.stored["metadata"]["resourceVersion"] = str(version)
        self.writes.append(body["spec"]["holderIdentity"])
        return self.stored


@pytest.fixture
def server() -> LeaseServer:
    return LeaseServer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def candidate(server: LeaseServer, name: str, clock: Clock) -> Lease:
    return Lease(server, NAME, name, TIMES, clock)


async def test_a_lease_that_is_not_there_is_made_and_held(server: LeaseServer, clock: Clock) -> None:
    one = candidate(server, "one", clock)

    await one.once()

    one.check()
    assert one.held.is_set()
    assert server.writes == ["one"]


async def test_nobody_leads_before_the_first_look(server: LeaseServer, clock: Clock) -> None:
    with pytest.raises(NotLeading, match="sluiceway/operator"):
        candidate(server, "one", clock).check()


async def test_a_lease_that_is_renewed_is_left_to_its_holder(server: LeaseServer, clock: Clock) -> None:
    one, two = candidate(server, "one", clock), candidate(server, "two", clock)

    for _ in range(20):
        await one.once()
        await two.once()
        clock.now += 1

    assert set(server.writes) == {"one"}
    assert two.holder == "one"
    assert not two.leading


async def test_the_holder_stops_writing_before_anybody_else_can_begin(server: LeaseServer, clock: Clock) -> None:
    one, two = candidate(server, "one", clock), candidate(server, "two", clock)
    await one.once()
    both, led = [], []

    # the holder renews no more; the other one looks every tenth of a second
    for _ in range(100):
        await two.once()
        both.append(one.leading and two.leading)
        led.append((one.leading, two.leading))
        clock.now += 0.1

    assert not any(both)
    assert led[0] == (True, False)
    assert led[-1] == (False, True)
    nobody = led.index((False, True)) - led.index((False, False))
    assert nobody >= TIMES.margin_seconds * 10


async def test_the_time_of_an_answer_counts_against_the_holder(server: LeaseServer, clock: Clock) -> None:
    one = candidate(server, "one", clock)

    def slow() -> None:
        clock.now += 5

    server.before_write = slow
    await one.once()

    assert one.held.is_set()
    assert not one.leading


async def test_of_two_who_take_a_free_lease_at_once_one_gets_it(server: LeaseServer, clock: Clock) -> None:
    one, two = candidate(server, "one", clock), candidate(server, "two", clock)
    await one.once()
    await one.release()

    async def quicker() -> None:
        server.before_write = lambda: None
        await two.once()

    # the other one writes between this one's look and its write
    original = server.get

    async def get(path: str, query: Any = None) -> dict[str, Any]:
        seen = await original(path, query)
        server.get = original  # type: ignore[method-assign]
        await quicker()
        return seen

    server.get = get  # type: ignore[method-assign]
    await one.once()

    assert two.leading
    assert not one.leading


async def test_a_lease_that_is_given_up_is_taken_at_once(server: LeaseServer, clock: Clock) -> None:
    one, two = candidate(server, "one", clock), candidate(server, "two", clock)
    await one.once()
    await two.once()

    await one.release()
    await two.once()

    two.check()
    with pytest.raises(NotLeading):
        one.check()


async def test_who_lost_the_lease_does_not_give_up_that_of_another(server: LeaseServer, clock: Clock) -> None:
    one, two = candidate(server, "one", clock), candidate(server, "two", clock)
    await one.once()
    await two.once()
    clock.now += 7
    await two.once()

    await one.release()

    assert server.stored is not None
    assert server.stored["spec"]["holderIdentity"] == "two"


async def test_an_api_server_that_is_away_ends_the_right_to_write_and_nothing_else(
    server: LeaseServer, clock: Clock
) -> None:
    one = candidate(server, "one", clock)
    await one.once()

    server.down = True
    for _ in range(10):
        await one.once()
        clock.now += 1
    away = one.leading, one.held.is_set()
    server.down = False
    await one.once()

    assert away == (False, True)
    one.check()


async def test_the_holder_sees_that_somebody_else_took_over(server: LeaseServer, clock: Clock) -> None:
    one, two = candidate(server, "one", clock), candidate(server, "two", clock)
    await one.once()
    await two.once()
    clock.now += 7
    await two.once()

    await one.once()

    assert one.lost.is_set()
    assert not one.held.is_set()
    assert one.holder == "two"


async def test_a_transition_is_counted_and_a_renewal_is_not(server: LeaseServer, clock: Clock) -> None:
    one, two = candidate(server, "one", clock), candidate(server, "two", clock)
    await one.once()
    await one.once()
    await one.release()
    await two.once()

    assert server.stored is not None
    assert server.stored["spec"]["leaseTransitions"] == 1


async def test_a_lease_that_was_made_empty_by_the_chart_is_free(server: LeaseServer, clock: Clock) -> None:
    server.stored = {"metadata": {"name": "operator", "resourceVersion": "7"}, "spec": {}}
    one = candidate(server, "one", clock)

    await one.once()

    one.check()
