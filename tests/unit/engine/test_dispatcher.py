"""Lanes: the events of one key start one after the other, in their order, whatever becomes of each."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, consumes, invariant, multiple, rule
from tests.support.deliveries import Item, Outcomes, a_delivery, a_handler, number_of

from sluiceway.engine.delivery import Delivery
from sluiceway.engine.dispatcher import Dispatcher
from sluiceway.engine.pool import Pool
from sluiceway.engine.stats import Stats
from sluiceway.handlers import Handler


async def nothing(_: Item) -> None: ...


class Lanes:
    """A dispatcher with one pool whose workers were not started, so that what it queues stays visible."""

    def __init__(self, order_by: Any = "key") -> None:
        self.handler: Handler = a_handler(nothing, order_by=order_by)
        self.outcomes = Outcomes()
        self.pool = Pool(self.handler, self.outcomes, Stats())
        self.dispatcher = Dispatcher([self.pool], self.outcomes.failed)

    def deliveries(self, *keys: str) -> list[Delivery]:
        return [a_delivery(self.handler, number, key=key) for number, key in enumerate(keys)]

    def start(self) -> list[Delivery]:
        """Take what may run now, as the workers would."""
        ready = list(self.pool._ready)
        self.pool._ready.clear()
        return ready

    def started(self) -> list[int]:
        return [number_of(delivery) for delivery in self.start()]


def test_only_the_first_of_each_key_may_start() -> None:
    lanes = Lanes()
    lanes.dispatcher.dispatch(lanes.deliveries("a", "b", "a", "b", "c"))
    assert lanes.started() == [0, 1, 4]


def test_the_next_of_a_key_starts_when_the_one_before_has_left() -> None:
    lanes = Lanes()
    first, second, third = lanes.deliveries("a", "a", "a")
    lanes.dispatcher.dispatch([first, second, third])
    lanes.start()
    lanes.dispatcher.left([first])
    assert lanes.started() == [1]
    lanes.dispatcher.left([second])
    assert lanes.started() == [2]


def test_one_that_leaves_from_the_middle_starts_nothing() -> None:
    lanes = Lanes()
    deliveries = lanes.deliveries("a", "a", "a")
    lanes.dispatcher.dispatch(deliveries)
    lanes.start()
    lanes.dispatcher.left([deliveries[1]])
    assert lanes.started() == []
    lanes.dispatcher.left([deliveries[0]])
    assert lanes.started() == [2]


def test_a_retry_starts_again_at_the_head_of_its_lane() -> None:
    lanes = Lanes()
    first, second = lanes.deliveries("a", "a")
    lanes.dispatcher.dispatch([first, second])
    lanes.start()
    lanes.dispatcher.dispatch([first])
    assert lanes.started() == [0]


def test_a_head_that_lost_its_handler_on_the_way_still_lets_the_next_one_start() -> None:
    lanes = Lanes()
    first, second = lanes.deliveries("a", "a")
    lanes.dispatcher.dispatch([first, second])
    lanes.start()
    first.handler = None  # its payload did not decode when it was fetched again
    lanes.dispatcher.left([first])
    assert lanes.started() == [1]


@pytest.mark.parametrize("order_by", [None, "key"])
def test_events_without_an_order_start_at_once(order_by: str | None) -> None:
    lanes = Lanes(order_by)
    lanes.dispatcher.dispatch(lanes.deliveries("", "", ""))
    assert lanes.started() == [0, 1, 2]


def test_keys_of_different_handlers_have_nothing_to_do_with_each_other() -> None:
    one, other = a_handler(nothing, order_by="key"), a_handler(nothing, order_by="key")
    pools = [Pool(handler, Outcomes(), Stats()) for handler in (one, other)]
    dispatcher = Dispatcher(pools, Outcomes().failed)
    dispatcher.dispatch([a_delivery(one, 0, key="a"), a_delivery(other, 1, key="a")])
    assert [len(pool._ready) for pool in pools] == [1, 1]


@pytest.mark.parametrize(
    ("order_by", "error"),
    [(lambda item: {}[item.number], KeyError), (lambda item: [item.number], TypeError)],
    ids=["it raises", "its answer is no key"],
)
def test_an_order_by_that_does_not_work_is_each_attempts_failure(order_by: Any, error: type[Exception]) -> None:
    lanes = Lanes(order_by)
    (delivery,) = lanes.deliveries("")
    lanes.dispatcher.dispatch([delivery])
    lanes.dispatcher.dispatch([delivery])
    lanes.dispatcher.left([delivery])
    assert [(number, type(raised)) for number, raised in lanes.outcomes.failures] == [(0, error), (0, error)]
    assert lanes.started() == []


def test_lanes_that_are_empty_take_no_memory() -> None:
    lanes = Lanes()
    deliveries = lanes.deliveries(*(f"key {number}" for number in range(100)))
    lanes.dispatcher.dispatch(deliveries)
    for delivery in deliveries:
        lanes.dispatcher.left([delivery])
    assert lanes.dispatcher._lanes == {}


class LanesOverTime(RuleBasedStateMachine):
    """Any order of arrivals, starts, ends, retries and losses."""

    running: Bundle[Delivery] = Bundle("running")
    waiting: Bundle[Delivery] = Bundle("waiting")

    def __init__(self) -> None:
        super().__init__()
        self.lanes = Lanes()
        self.arrived: defaultdict[str, list[Delivery]] = defaultdict(list)
        self.ended: defaultdict[str, set[Delivery]] = defaultdict(set)
        self.active: defaultdict[str, set[Delivery]] = defaultdict(set)
        self.first_starts: defaultdict[str, list[Delivery]] = defaultdict(list)
        self.count = 0

    @rule(keys=st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=5))
    def arrive(self, keys: list[str]) -> None:
        deliveries = [a_delivery(self.lanes.handler, self.count + at, key=key) for at, key in enumerate(keys)]
        self.count += len(keys)
        for key, delivery in zip(keys, deliveries, strict=True):
            self.arrived[key].append(delivery)
        self.lanes.dispatcher.dispatch(deliveries)

    @rule(target=running)
    def start(self) -> Delivery | MultipleResults[Delivery]:
        if not self.lanes.pool._ready:
            return multiple()
        delivery = self.lanes.pool._ready.popleft()
        key = key_of(delivery)
        assert not self.active[key], "two of one key at once"
        self.active[key].add(delivery)
        if delivery not in self.first_starts[key]:
            self.first_starts[key].append(delivery)
        return delivery

    @rule(delivery=consumes(running))
    def settle(self, delivery: Delivery) -> None:
        self.leave(delivery)

    @rule(target=waiting, delivery=consumes(running))
    def fail(self, delivery: Delivery) -> Delivery:
        return delivery

    @rule(delivery=consumes(waiting))
    def try_again(self, delivery: Delivery) -> None:
        self.active[key_of(delivery)].discard(delivery)
        self.lanes.dispatcher.dispatch([delivery])

    @rule(delivery=consumes(waiting))
    def lose_while_it_waits(self, delivery: Delivery) -> None:
        self.leave(delivery)

    @rule(key=st.sampled_from(["a", "b", "c"]), data=st.data())
    def lose_in_the_queue(self, key: str, data: st.DataObject) -> None:
        queued = [
            each for each in self.arrived[key] if each not in self.ended[key] and each not in self.first_starts[key]
        ]
        if queued:
            delivery = data.draw(st.sampled_from(queued))
            if delivery not in self.lanes.pool._ready:
                self.leave(delivery)

    def leave(self, delivery: Delivery) -> None:
        key = key_of(delivery)
        self.active[key].discard(delivery)
        self.ended[key].add(delivery)
        self.lanes.dispatcher.left([delivery])

    @invariant()
    def each_key_starts_in_the_order_of_arrival(self) -> None:
        for key, started in self.first_starts.items():
            places = [self.arrived[key].index(delivery) for delivery in started]
            assert places == sorted(places)

    @invariant()
    def a_key_with_something_to_do_has_its_first_one_started_or_ready(self) -> None:
        for key, arrived in self.arrived.items():
            left = [delivery for delivery in arrived if delivery not in self.ended[key]]
            ready = [delivery for delivery in self.lanes.pool._ready if key_of(delivery) == key]
            assert [*self.active[key], *ready] == left[:1]


def key_of(delivery: Delivery) -> str:
    return delivery.fields[b"key"].decode()


LanesOverTime.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLanesOverTime = LanesOverTime.TestCase
