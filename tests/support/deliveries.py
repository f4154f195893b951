"""Deliveries without a server, and somebody who takes their outcomes down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sluiceway import Event
from sluiceway.engine.delivery import Delivery, Source
from sluiceway.handlers import Handler, declare
from sluiceway.keys import GroupKeys

__all__ = ["Item", "Outcomes", "a_delivery", "a_handler", "a_source"]


class Item(Event, type="ITEM"):
    """What the deliveries carry."""

    number: int


class Outcomes:
    """Takes down what becomes of runs, by the number of the event."""

    def __init__(self) -> None:
        self.well: list[int] = []
        self.failures: list[tuple[int, BaseException]] = []
        self.lost: list[int] = []

    def done(self, delivery: Delivery) -> None:
        self.well.append(number_of(delivery))

    def failed(self, delivery: Delivery, error: BaseException) -> None:
        self.failures.append((number_of(delivery), error))

    def dropped(self, delivery: Delivery) -> None:
        self.lost.append(number_of(delivery))

    @property
    def all(self) -> int:
        return len(self.well) + len(self.failures) + len(self.lost)


def number_of(delivery: Delivery) -> int:
    assert isinstance(delivery.event, Item)
    return delivery.event.number


def a_source() -> Source:
    return Source(GroupKeys("items", "group"), replay=False)


def a_handler(call: Callable[..., Awaitable[Any]], **options: Any) -> Handler:
    defaults: dict[str, Any] = {
        "publishes": None,
        "concurrency": 1,
        "timeout_seconds": 60.0,
        "retry": None,
        "order_by": None,
        "batch": 0,
        "batch_wait_seconds": 0.0,
    }
    return declare(call, (Item,), **{**defaults, **options})


def a_delivery(handler: Handler | None, number: int, *, key: str = "", source: Source | None = None) -> Delivery:
    delivery = Delivery(source or a_source(), f"{number + 1}-0".encode(), [], 1)
    delivery.event = Item(number=number)
    delivery.handler = handler
    if key:
        delivery.fields = {b"key": key.encode()}
    return delivery
