"""The services' consumers: made, killed and joined by others, as on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import copy_context

from ..connection import Endpoint, RedisSettings
from ..connection.detour import Detour, detour
from ..engine import Consumer
from ..keys import GroupKeys
from ..service import Service
from .watch import Watch

__all__ = ["Deployment"]


class Deployment:
    """Runs services' consumers.

    Args:
        services: The services.
        server: Where their connections go.
        watch: Watches them.
        clock: Their clock.
    """

    def __init__(self, services: Sequence[Service], server: Detour, watch: Watch, clock: Callable[[], float]) -> None:
        self.consumers: list[Consumer] = []
        """Those that live."""
        self._services = {service.group: service for service in services}
        self._server = server
        self._endpoint = Endpoint(RedisSettings())
        self._watch = watch
        self._clock = clock
        self._number = 0

    def add(self, group: str, stream: str) -> Consumer:
        """Start one more consumer of a service's stream."""
        service = self._services[group]
        self._number += 1
        context = copy_context()
        context.run(detour.set, self._server)
        return context.run(self._start, service, stream, f"{service.name}-{self._number}")

    async def kill(self, consumer: Consumer) -> None:
        """End a consumer as if its process had been killed."""
        self.consumers.remove(consumer)
        await consumer.abandon()

    def find(self, stream: str, group: str, name: str) -> Consumer | None:
        """Return the consumer that goes by a name, if it lives."""
        for consumer in self.consumers:
            streams = (consumer.keys.stream, consumer.keys.replay)
            if stream in streams and (consumer.keys.group, consumer.name) == (group, name):
                return consumer
        return None

    def waiting(self) -> dict[tuple[str, str], int] | None:
        """Return how many entries wait for their time, by stream and group; None if anything is being done."""
        found: dict[tuple[str, str], int] = {}
        for consumer in self.consumers:
            sources = consumer.holdings.sources
            waiting = [each for source in sources for each in source.waiting.values()]
            held = [each for source in sources for each in source.held.values()]
            # What is behind the head of its lane waits for the head's time.
            lanes = {each.delivery.lane for each in waiting if each.delivery is not None}
            if any(each.due <= self._clock() for each in waiting) or any(
                each.lane is None or each.lane not in lanes for each in held
            ):
                return None
            for source in sources:
                place = (source.stream, source.group)
                found[place] = found.get(place, 0) + len(source.waiting) + len(source.held)
        return found

    def waits(self, stream: str, entry_id: bytes) -> bool:
        """Return whether an entry waits for its next attempt somewhere."""
        sources = [source for consumer in self.consumers for source in consumer.holdings.sources]
        kept = [source.waiting.get(entry_id) for source in sources if source.stream == stream]
        return any(each is not None and each.due > self._clock() for each in kept)

    def next_due(self) -> float | None:
        """Return the earliest time that something waits for, or None."""
        sources = [source for consumer in self.consumers for source in consumer.holdings.sources]
        return min((each.due for source in sources for each in source.waiting.values()), default=None)

    def _start(self, service: Service, stream: str, name: str) -> Consumer:
        consumer = Consumer(
            self._endpoint,
            GroupKeys(stream, service.group),
            name,
            [self._watch.around(handler, service.group) for handler in service.handlers[stream]],
            service.options(stream),
            self._clock,
        )
        self._watch.adopt(consumer)
        self.consumers.append(consumer)
        consumer.start()
        return consumer
