"""From decoded deliveries to the workers, keeping the events of one key in order where that is asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from ..handlers import Handler
from ..wire import text
from .delivery import Delivery
from .pool import Pool

__all__ = ["Dispatcher"]


class Dispatcher:
    """Hands deliveries to their handlers' pools.

    A lane holds the deliveries of one key of one handler: its head runs, waits for a retry or awaits its commit;
    the next one starts only when the head has left this consumer.

    Args:
        pools: One pool a handler.
        failed: Whom to tell when a handler's `order_by` raises.
    """

    def __init__(self, pools: Sequence[Pool], failed: Callable[[Delivery, BaseException], object]) -> None:
        self._failed = failed
        self._pools = {id(pool.handler): pool for pool in pools}
        self._lanes: dict[tuple[int, str], deque[Delivery]] = {}
        self._ordered = any(pool.handler.order_by is not None for pool in pools)

    def dispatch(self, deliveries: Iterable[Delivery]) -> None:
        """Queue deliveries, in their order."""
        ready: dict[int, list[Delivery]] = {}
        for delivery in deliveries:
            handler = delivery.handler
            if handler is None:
                continue
            if handler.order_by is not None:
                try:
                    if not self._may_start(delivery, handler):
                        continue
                except Exception as error:  # noqa: BLE001  # the user's function; its failure is the event's
                    self._failed(delivery, error)
                    continue
            owner = id(handler)
            if owner in ready:
                ready[owner].append(delivery)
            else:
                ready[owner] = [delivery]
        for owner, batch in ready.items():
            self._pools[owner].push(batch)

    def left(self, deliveries: Iterable[Delivery]) -> None:
        """Note that deliveries have left this consumer: the next ones of their lanes may start."""
        if self._ordered:
            for delivery in deliveries:
                if delivery.lane is not None:
                    self._leave(delivery, delivery.lane)

    def _leave(self, delivery: Delivery, place: tuple[int, str]) -> None:
        lane = self._lanes.get(place)
        if lane is None:
            return
        was_head = lane[0] is delivery
        try:
            lane.remove(delivery)
        except ValueError:
            return
        if not lane:
            del self._lanes[place]
        elif was_head:
            self._pools[place[0]].push((lane[0],))

    def _may_start(self, delivery: Delivery, handler: Handler) -> bool:
        if delivery.lane is not None:
            # It waited for a retry at the head of its lane.
            return True
        key = text(delivery.fields.get(b"key")) if handler.order_by == "key" else handler.order_by(delivery.event)  # type: ignore[misc]
        if not key:
            return True
        place = (id(handler), key)
        lane = self._lanes.setdefault(place, deque())
        lane.append(delivery)
        delivery.lane = place
        return len(lane) == 1
