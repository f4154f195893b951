"""Services under test, on a server in this process or on a real one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Self

from ..connection import RedisSettings
from ..connection.detour import Detour, detour
from ..deadletters import DeadLetter, DeadLetters
from ..errors import ConfigurationError
from ..events import Event
from ..ids import new_event_id
from ..keys import GroupKeys
from ..service import Service
from ..wire import Fields, encode
from .clock import SteppedClock
from .control import Control, RealServer
from .deployment import Deployment
from .faults import Faults
from .memory import MemoryServer
from .outcome import Outcome
from .outputs import EventClasses, Output, Outputs
from .tap import Tap
from .watch import Watch

__all__ = ["Kit"]

_PAUSE_SECONDS = 0.01


class Kit:
    """Runs services as they run in production, in this process, and tells what becomes of every event.

    Handlers are run by the SDK's engine: it decodes, dispatches, retries, commits and buries as it always does. Only the
    server is another one: by default one in memory that runs the SDK's own scripts, otherwise a real one. Whatever is
    opened meanwhile (a `Publisher` in a handler, a service's publisher, `DeadLetters`) talks to that server, too,
    whichever URL it was given.

    Retries wait for a clock that stands still until `settle` or `advance` moves it.

    Args:
        services: The services, not running. Without any, only what is published is caught.
        redis: URL or settings of a real server, empty; None for one in memory.
        patience_seconds: How long something may take that takes moments, until it is taken for hanging.

    Raises:
        ConfigurationError: Two services share a group, or there is no Lua interpreter for a server in memory.

    Example:
        >>> async with Kit(payments) as kit:
        ...     outcome = await kit.deliver(OrderCreated(order_id="A-1"))
        ...     assert outcome.status == "done"
        ...     assert outcome.outputs.one(PaymentCompleted).order_id == "A-1"
    """

    def __init__(
        self, *services: Service, redis: str | RedisSettings | None = None, patience_seconds: float = 10.0
    ) -> None:
        groups = [service.group for service in services]
        if len(set(groups)) < len(groups):
            raise ConfigurationError(f"Kit: services that share a group are one service; their groups: {groups}")
        self._services = services
        self._patience_seconds = patience_seconds
        self._clock = SteppedClock()
        self._memory = MemoryServer(self._clock) if redis is None else None
        server: Detour = self._memory or RealServer(redis or RedisSettings())
        handlers = [each for service in services for each in service.handlers.values()]
        self._classes = EventClasses(handler for some in handlers for handler in some)
        self._watch = Watch(self._classes, self._clock)
        self._tap = Tap(server)
        self._control = Control(server)
        self._producer = Control(self._tap)
        self._deployment = Deployment(services, self._tap, self._watch, self._clock)
        self._before: Detour | None = None
        self.faults = Faults(self._tap, self._control, self._deployment, self._watch)
        """Lets something go wrong."""

    async def __aenter__(self) -> Self:
        self._before = detour.get()
        detour.set(self._tap)
        groups = [GroupKeys(stream, service.group) for service in self._services for stream in service.handlers]
        for keys in groups:
            self._deployment.add(keys.group, keys.stream)
        for keys in groups:
            await self._until(partial(self._control.has_group, keys), f"{keys.group} to read {keys.stream}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.faults.close()
        await asyncio.gather(*(self._deployment.kill(consumer) for consumer in tuple(self._deployment.consumers)))
        for service in self._services:
            if not service.consumers:
                await service.stop()
        await self._tap.close()
        for hands in (self._control, self._producer):
            await hands.close()
        detour.set(self._before)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Everything that has become of events so far, in the order in which it happened."""
        return tuple(self._watch.outcomes)

    async def deliver(
        self,
        event: Event,
        *,
        stream: str | None = None,
        service: Service | None = None,
        key: str = "",
        event_id: str | None = None,
        correlation_id: str | None = None,
        causation_id: str = "",
        traceparent: str = "",
        delivery_count: int = 1,
    ) -> Outcome:
        """Publish an event and return what becomes of it in the service that handles it.

        Args:
            event: What happened.
            stream: Where it is published; may be left out where only one stream's handlers take it.
            service: Whose outcome is wanted; may be left out where only one service handles it.
            key: Ordering key.
            event_id: Its identity; a fresh one if not given.
            correlation_id: Its flow; a new one that bears the event's ID if not given.
            causation_id: Event ID of the event that led to it.
            traceparent: W3C trace context.
            delivery_count: Which start of it this is: 3 after two that failed.

        Returns:
            The first outcome. If that is `retried` or `timed_out`, `settle` runs the rest.

        Raises:
            ConfigurationError: No service handles it, or several do and none is named.
            AssertionError: Its handler hangs.
        """
        keys = self._target(event, stream, service)
        identity = event_id or new_event_id()
        fields = encode(
            event, identity, correlation_id or identity, causation_id=causation_id, traceparent=traceparent, key=key
        )
        return (await self._deliver(keys, [fields], delivery_count))[0]

    async def deliver_many(
        self,
        events: Sequence[Event],
        *,
        stream: str | None = None,
        service: Service | None = None,
        keys: Sequence[str] = (),
    ) -> list[Outcome]:
        """Publish events in one step and return what becomes of each: a batch handler gets them together.

        Args:
            events: What happened, at least one.
            stream: As for `deliver`.
            service: As for `deliver`.
            keys: One ordering key an event, or none at all.

        Raises:
            ConfigurationError: As for `deliver`.
            AssertionError: As for `deliver`.
        """
        target = self._target(events[0], stream, service)
        entries = []
        for place, event in enumerate(events):
            identity = new_event_id()
            entries.append(encode(event, identity, identity, key=keys[place] if keys else ""))
        return await self._deliver(target, entries)

    async def deliver_fields(
        self, stream: str, fields: Mapping[str, str | bytes], *, service: Service | None = None
    ) -> Outcome:
        """Publish an entry as it is, as another language or a careless producer would, and return what becomes of it.

        Args:
            stream: Where it is published.
            fields: Its fields.
            service: Whose outcome is wanted; may be left out where only one service reads the stream.

        Raises:
            ConfigurationError: No service reads the stream, or several do and none is named.
            AssertionError: Its handler hangs.
        """
        entry: Fields = tuple(name.encode() for name in fields), tuple(fields.values())
        return (await self._deliver(self._reader_of(stream, service), [entry]))[0]

    async def settle(self) -> tuple[Outcome, ...]:
        """Run everything that is left, in all services, until nothing is: also retries, whose time is let pass.

        Returns:
            What became of events meanwhile.

        Raises:
            AssertionError: A handler hangs.
        """
        since = len(self._watch.outcomes)
        while True:
            await self._until(self._quiet, "everything to come to rest")
            due = self._deployment.next_due()
            if due is None:
                return tuple(self._watch.outcomes[since:])
            self._step(max(0.0, due - self._clock()))

    async def advance(self, seconds: float) -> tuple[Outcome, ...]:
        """Let time pass: retries that become due are run, and handlers that exceed their `timeout_seconds` are cancelled.

        On a real server it passes for the services only, not for the server's own clock.

        Args:
            seconds: How much.

        Returns:
            What became of events meanwhile.

        Raises:
            AssertionError: A handler hangs.
        """
        since = len(self._watch.outcomes)
        self._step(seconds)
        await self._until(self._quiet, "everything to come to rest")
        return tuple(self._watch.outcomes[since:])

    async def published(self, stream: str) -> Outputs:
        """Return everything that was published to a stream, whoever did it."""
        entries = await self._control.entries(stream)
        return Outputs(Output.of(stream, fields, self._classes, entry_id) for entry_id, fields in entries)

    async def dead_letters(self, stream: str, service: Service | None = None) -> list[DeadLetter]:
        """Return the dead letters of a service on a stream.

        Args:
            stream: The stream that it reads.
            service: The service; may be left out where only one reads the stream.
        """
        keys = self._reader_of(stream, service)
        async with self._control.direct(), DeadLetters(RedisSettings(), stream, keys.group) as letters:
            return [letter async for letter in letters.list()]

    def _target(self, event: Event, stream: str | None, service: Service | None) -> GroupKeys:
        wanted = (event.event_type, event.event_version)
        places = [
            (each, name)
            for each in self._services
            for name, handlers in each.handlers.items()
            if any(wanted == (kind.event_type, kind.event_version) for handler in handlers for kind in handler.events)
        ]
        streams = {name for each, name in places if service in (None, each)}
        if stream is not None:
            return self._reader_of(stream, service)
        if len(streams) != 1:
            raise ConfigurationError(
                f"deliver({event.event_type} version {event.event_version}): its handlers read "
                f"{sorted(streams) or 'nothing'}; say stream=…"
            )
        among = {each.group for each, _ in places}
        return self._reader_of(streams.pop(), service, among)

    def _reader_of(self, stream: str, service: Service | None, among: set[str] | None = None) -> GroupKeys:
        groups = [
            each.group
            for each in self._services
            if stream in each.handlers and service in (None, each) and (among is None or each.group in among)
        ]
        if len(groups) != 1:
            raise ConfigurationError(
                f"the stream {stream} is read by {groups or 'no service of this kit'}; say service=…"
            )
        return GroupKeys(stream, groups[0])

    async def _deliver(self, keys: GroupKeys, entries: Sequence[Fields], starts: int = 1) -> list[Outcome]:
        since = len(self._watch.outcomes)
        if starts > 1:
            ids = [await self._control.append_started(keys, fields, starts - 1) for fields in entries]
            # It looks at once for what others have left.
            self._deployment.add(keys.group, keys.stream)
        else:
            ids = await self._producer.append(keys.stream, entries)
        return [await self._outcome(keys, entry_id.decode(), since) for entry_id in ids]

    async def _outcome(self, keys: GroupKeys, entry_id: str, since: int) -> Outcome:
        place = (keys.group, keys.stream, entry_id)
        found: list[Outcome] = []

        async def known() -> bool:
            for outcome in self._watch.outcomes[since:]:
                same = (outcome.service, outcome.stream, outcome.entry_id) == place
                if same and outcome.status != "gone":
                    found.append(outcome)
                    return True
            return False

        await self._until(known, f"an outcome of {entry_id} on {keys.stream} in {keys.group}")
        return found[0]

    async def _quiet(self) -> bool:
        """Return whether nothing runs, and nothing is left but what waits for its time."""
        if self.faults.under_way:
            return False
        waiting = self._deployment.waiting()
        if waiting is None:
            return False
        if self._memory is not None:
            # An application may run services of its own.
            for stream, kept in self._memory.keys.streams().items():
                waiting = {(stream.decode(), group.decode()): 0 for group in kept.groups} | waiting
        unsettled = [await self._control.unsettled(*place) for place in waiting]
        return unsettled == [(False, number) for number in waiting.values()]

    def _step(self, seconds: float) -> None:
        self._clock.advance(seconds)
        for consumer in self._deployment.consumers:
            consumer.advance(seconds)

    async def _until(self, condition: Callable[[], Awaitable[bool]], what: str) -> None:
        try:
            async with asyncio.timeout(self._patience_seconds):
                while not await condition():
                    self._raise_broken()
                    await self._watch.wait(_PAUSE_SECONDS)
        except TimeoutError:
            running = f"; running: {', '.join(self._watch.runs)}" if self._watch.runs else ""
            raise AssertionError(f"waited {self._patience_seconds} s in vain for {what}{running}") from None

    def _raise_broken(self) -> None:
        for consumer in self._deployment.consumers:
            if consumer.failure is not None:
                raise AssertionError(
                    f"the consumer of {consumer.keys.stream} in {consumer.keys.group}: {consumer.failure}"
                )
