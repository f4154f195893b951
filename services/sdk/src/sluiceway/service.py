"""A service: its handlers, grouped into one consumer a stream, and their life."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from .connection import Endpoint, RedisSettings
from .engine import Consumer
from .errors import ConfigurationError
from .events import Event
from .handlers import Handler, KeyOf, declare
from .keys import GroupKeys
from .naming import consumer_name
from .options import ConsumerOptions, Deduplicate, Lease, OnLostGroup, RetryPolicy, Trim, Unhandled
from .publisher import Publisher

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["Service"]

H = TypeVar("H", bound=Callable[..., Awaitable[Any]])


class Service:
    """Declares what a service consumes and publishes, and runs it.

    All its handlers of one stream form one consumer of one group. With no option given the defaults are safe: the
    group begins at the start of the stream, an event is acknowledged after its handler succeeded, failures are tried
    again and then kept as dead letters, leases are renewed, duplicates are dropped, memory is bounded.

    Args:
        name: The service's name, and its group's.
        redis: URL or settings.
        group: Another name for the group.
        grace_seconds: How long running handlers may go on once the service is told to stop.
        consumer: Name of this consumer; see `sluiceway.naming` for the one chosen if not given.

    Example:
        >>> service = Service("payments", redis="redis://127.0.0.1:6379/0")
        >>> @service.on(OrderCreated, stream="orders", publishes="payments")
        ... async def charge(order: OrderCreated) -> PaymentCompleted:
        ...     return PaymentCompleted(order_id=order.order_id)
    """

    def __init__(
        self,
        name: str,
        redis: str | RedisSettings,
        *,
        group: str | None = None,
        grace_seconds: float = 25.0,
        consumer: str | None = None,
    ) -> None:
        self.name = name
        self.group = group or name
        self.consumer = consumer or consumer_name()
        self.consumers: tuple[Consumer, ...] = ()
        """The running consumers; empty until the service is started."""
        self._endpoint = Endpoint(redis)
        self._grace_seconds = grace_seconds
        self._handlers: dict[str, list[Handler]] = {}
        self._options: dict[str, ConsumerOptions] = {}
        self._publishers: dict[str, Publisher] = {}
        self._published: dict[str, dict[type[Event], None]] = {}
        GroupKeys("any", self.group)  # raises if the group's name is not usable
        if self.consumer.startswith("~"):
            raise ConfigurationError(
                f"consumer={self.consumer!r}: choose a name that does not begin with '~', those are reserved"
            )

    def on(
        self,
        *events: type[Event],
        stream: str,
        publishes: str | None = None,
        concurrency: int = 16,
        timeout_seconds: float = 60.0,
        retry: RetryPolicy | None = None,
        order_by: KeyOf | None = None,
        batch: int = 0,
        batch_wait_seconds: float = 0.01,
    ) -> Callable[[H], H]:
        """Declare a handler. Use it as a decorator, or call the result with a bound method.

        Args:
            events: The event classes it takes.
            stream: Where they are read.
            publishes: Where what it returns is published, together with the acknowledgement.
            concurrency: Most events handled at once in this consumer; 1 keeps the stream's order.
            timeout_seconds: A run longer than this is cancelled and counts as a failed attempt.
            retry: A `Retry`, or a mapping from exception class to `Retry`; the most specific class wins.
            order_by: "key" or a function of the event: events of one key never overlap or overtake each other in
                this consumer. None for no such order.
            batch: Most events in one call of a handler that takes a `Batch`; 0 for single events.
            batch_wait_seconds: Longest wait for a batch to fill.

        Raises:
            ConfigurationError: Something about the declaration cannot work.
        """

        def register(call: H) -> H:
            if self.consumers:
                raise ConfigurationError(f"service {self.name} is running: declare handlers before it starts")
            handler = declare(
                call,
                events,
                publishes=publishes,
                concurrency=concurrency,
                timeout_seconds=timeout_seconds,
                retry=retry,
                order_by=order_by,
                batch=batch,
                batch_wait_seconds=batch_wait_seconds,
            )
            self._refuse_second(stream, handler)
            self._handlers.setdefault(stream, []).append(handler)
            return call

        GroupKeys(stream, self.group)  # raises if the stream's name is not usable
        return register

    def consume(
        self,
        stream: str,
        *,
        in_flight: int | None = None,
        in_flight_bytes: int | None = None,
        read_count: int | None = None,
        commit_count: int | None = None,
        waiting: int | None = None,
        lease: Lease | None = None,
        deduplicate: Deduplicate | None = None,
        unhandled: Unhandled | None = None,
        start: Literal["earliest", "latest"] | None = None,
        on_lost_group: OnLostGroup | None = None,
        trim: Trim | None = None,
    ) -> None:
        """Set what belongs to the consumer of a stream as a whole; see `ConsumerOptions` for each.

        Raises:
            ConfigurationError: A value cannot work.
        """
        given = {
            name: value for name, value in locals().items() if name not in ("self", "stream") and value is not None
        }
        self._options[stream] = ConsumerOptions(**given)

    def publisher(self, stream: str, *, timeout_seconds: float = 3.0, events: Sequence[type[Event]] = ()) -> Publisher:
        """Return the service's publisher for a stream; it is closed with the service.

        Args:
            stream: Where events go.
            timeout_seconds: As for `Publisher`.
            events: What is published there, for the AsyncAPI document; nothing else depends on it.
        """
        self._published.setdefault(stream, {}).update(dict.fromkeys(events))
        if stream not in self._publishers:
            self._publishers[stream] = Publisher(self._endpoint.settings, stream, timeout_seconds=timeout_seconds)
        return self._publishers[stream]

    @property
    def handlers(self) -> dict[str, tuple[Handler, ...]]:
        """The declared handlers by stream."""
        return {stream: tuple(handlers) for stream, handlers in self._handlers.items()}

    def options(self, stream: str) -> ConsumerOptions:
        """Return what `consume` set for a stream, or the defaults."""
        return self._options.get(stream, ConsumerOptions())

    @property
    def published(self) -> dict[str, tuple[type[Event], ...]]:
        """The streams that publishers were asked for, with the events that were named for them."""
        return {stream: tuple(events) for stream, events in self._published.items()}

    async def start(self) -> None:
        """Start consuming. It returns at once, whether or not the server is there; `readiness` tells.

        Raises:
            ConfigurationError: The service is running, or options were given for a stream without a handler.
        """
        if self.consumers:
            raise ConfigurationError(f"service {self.name} is running already")
        for stream in self._options:
            if stream not in self._handlers:
                raise ConfigurationError(
                    f"service {self.name}: consume({stream!r}, …) but no handler reads that stream"
                )
        self.consumers = tuple(
            Consumer(self._endpoint, GroupKeys(stream, self.group), self.consumer, handlers, self.options(stream))
            for stream, handlers in self._handlers.items()
        )
        for consumer in self.consumers:
            consumer.start()

    async def stop(self) -> None:
        """Stop: finish what runs within the grace period, hand back the rest, close the publishers."""
        await asyncio.gather(*(consumer.stop(self._grace_seconds) for consumer in self.consumers))
        self.consumers = ()
        for publisher in self._publishers.values():
            await publisher.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def attach(self, app: web.Application, *, tolerated_outage_seconds: float = 30.0) -> None:
        """Run with an aiohttp application: consumers in `cleanup_ctx`, `/healthz`, `/readyz`, `/metrics`, correlation.

        Args:
            app: The application, not yet started.
            tolerated_outage_seconds: Longest silence of the server for which `/readyz` still answers 200.
        """
        from .web import attach  # noqa: PLC0415  # aiohttp is only loaded where it is used

        attach(self, app, tolerated_outage_seconds)

    @property
    def endpoint(self) -> Endpoint:
        """The server it uses."""
        return self._endpoint

    def _refuse_second(self, stream: str, handler: Handler) -> None:
        for other in self._handlers.get(stream, ()):
            for event in handler.events:
                if any(
                    (event.event_type, event.event_version) == (taken.event_type, taken.event_version)
                    for taken in other.events
                ):
                    raise ConfigurationError(
                        f"handler {handler.name}: {event.event_type} version {event.event_version} of stream {stream!r} "
                        f"is already taken by {other.name}; one group handles an event once, so give this one a service "
                        f"(a group) of its own"
                    )
