"""A small shop whose services are what kits are tested with."""

from __future__ import annotations

from dataclasses import dataclass, field

from sluiceway import Batch, Context, Event, Reject, Retry, RetryLater, Service


class Ordered(Event, type="ORDERED"):
    order_id: str
    cents: int = 100


class Paid(Event, type="PAID"):
    order_id: str


class Noted(Event, type="NOTED"):
    order_id: str


class Unwanted(Event, type="UNWANTED"):
    pass


NOWHERE = "redis://nowhere.invalid:1/0"
"""What the services are told: a kit's services never go there."""


@dataclass
class Till:
    """Takes payments, or fails as it is told: `failures` has what the next attempts raise."""

    failures: list[BaseException] = field(default_factory=list)
    charged: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    async def charge(self, order: Ordered, context: Context) -> Paid | None:
        self.charged.append(order.order_id)
        self.counts.append(context.delivery_count)
        if self.failures:
            raise self.failures.pop(0)
        if order.cents < 0:
            raise Reject("nobody is paid to buy")
        context.publish(Noted(order_id=order.order_id), stream="notes", key="till")
        return Paid(order_id=order.order_id) if order.cents else None

    def service(self, retry: Retry | None = None) -> Service:
        service = Service("till", redis=NOWHERE)
        service.on(Ordered, stream="orders", publishes="payments", retry=retry or Retry(attempts=3, jitter=0))(
            self.charge
        )
        return service


def clerk(*, unhandled: bool = False) -> Service:
    """Handles batches: takes the first, has another look at the second, throws away the third."""
    service = Service("clerk", redis=NOWHERE)
    if unhandled:
        service.consume("orders", unhandled="dead_letter")

    @service.on(Ordered, stream="orders", batch=3, batch_wait_seconds=5)
    async def sort(batch: Batch[Ordered]) -> None:
        for item in batch:
            if item.event.order_id == "second" and item.context.delivery_count == 1:
                batch.retry(item, after_seconds=7)
            elif item.event.order_id == "third":
                batch.reject(item, reason="unreadable")
            else:
                item.context.publish(Noted(order_id=item.event.order_id), stream="notes")

    return service


def bookkeeper(noted: list[str]) -> Service:
    """Reads what the till publishes, and has no time at first."""
    service = Service("bookkeeper", redis=NOWHERE)

    @service.on(Paid, stream="payments", publishes="books")
    async def book(paid: Paid, context: Context) -> Noted:
        if context.delivery_count == 1:
            raise RetryLater(3600)
        noted.append(paid.order_id)
        return Noted(order_id=paid.order_id)

    return service
