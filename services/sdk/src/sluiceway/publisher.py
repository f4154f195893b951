"""Appends events to a stream."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from types import TracebackType
from typing import Self

from redis.exceptions import RedisError

from .appender import MOST_PER_CALL, Appender
from .connection import Endpoint, RedisSettings, ReplicasMissing
from .connection.faults import is_temporary
from .context import current_flow
from .errors import ConfigurationError, NotReplicated, PartialPublish, PublishError, Unavailable
from .events import Event
from .ids import new_event_id, new_event_ids
from .rights import advice, is_denied
from .tracing import SendSpans, active_tracer
from .tracing.attributes import ENTRY_ID
from .wire import Envelope

__all__ = ["Publisher", "Receipt"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The server has the event.

    Args:
        event_id: The event's identity.
        entry_id: Where it is in the stream.
        correlation_id: The flow it belongs to.
    """

    event_id: str
    entry_id: str
    correlation_id: str


class Publisher:
    """Appends events to one stream. It returns only after the server has them.

    There is no length limit: MAXLEN on XADD silently deletes unread entries. Streams are kept short by what knows
    the groups: the operator, or `Trim`.

    Args:
        redis: URL or settings.
        stream: Where events go.
        timeout_seconds: Longest wait for a round trip; with the one that may be under way before it, `Unavailable` is
            raised after twice as long. Waiting for replicas (`RedisSettings(replicas=…)`) comes on top.
        unsafe_max_length: Cut the stream to this length at each publish even if unread entries are lost. They are
            counted, a field a group, in the hash `{stream}:sluiceway:lost`.

    Example:
        >>> async with Publisher("redis://127.0.0.1:6379/0", stream="orders") as publisher:
        ...     receipt = await publisher.publish(OrderCreated(order_id="7"))
    """

    def __init__(
        self,
        redis: str | RedisSettings,
        stream: str,
        *,
        timeout_seconds: float = 3.0,
        unsafe_max_length: int | None = None,
    ) -> None:
        if not stream:
            raise ConfigurationError("Publisher(stream=''): a stream needs a name")
        if unsafe_max_length is not None and unsafe_max_length < 1:
            raise ConfigurationError(f"Publisher(unsafe_max_length={unsafe_max_length!r}): must be at least 1")
        self.stream = stream
        endpoint = Endpoint(redis)
        self._url = endpoint.settings.url
        self._appender = Appender(endpoint, stream, timeout_seconds, unsafe_max_length)

    @property
    def lost(self) -> int:
        """Entries lost to `unsafe_max_length` by this publisher, over all groups."""
        return self._appender.lost

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connection."""
        await self._appender.close()

    async def publish(
        self, event: Event, *, key: str = "", event_id: str | None = None, correlation_id: str | None = None
    ) -> Receipt:
        """Append one event.

        Args:
            event: What happened.
            key: Ordering key for consumers with `order_by="key"`; empty for none.
            event_id: Its identity; a fresh one if not given. Publishing twice under one ID has the effect of once.
            correlation_id: Its flow; the current one, or a new one that bears the event's ID, if not given.

        Raises:
            NotReplicated: It is in the stream, but too few replicas have it.
            Unavailable: The server cannot take it now; it may or may not be in the stream.
            PublishError: The server refuses it for good.
        """
        envelope = self._envelope(key, event_id, correlation_id)
        if self._spans is None:
            return await self._publish(event, envelope)
        with self._spans.span((envelope,), batch=False) as span:
            receipt = await self._publish(event, envelope)
            span.set_attribute(ENTRY_ID, receipt.entry_id)
            return receipt

    async def _publish(self, event: Event, envelope: Envelope) -> Receipt:
        fields = envelope.around(event)
        try:
            # One call may be under way before the one that takes this event.
            async with asyncio.timeout(2 * self._appender.patience_seconds):
                entry_id = await self._appender.append(fields)
        except (RedisError, OSError, TimeoutError) as error:
            raise self._as_publish_error(error) from error
        return Receipt(envelope.event_id, entry_id.decode(), envelope.correlation_id)

    async def publish_many(
        self, events: Sequence[Event], *, keys: Sequence[str] = (), event_ids: Sequence[str] = ()
    ) -> list[Receipt]:
        """Append events in their order, some hundreds a round trip; each round trip appends all of its events or none.

        Args:
            events: What happened.
            keys: One ordering key an event, or none at all.
            event_ids: One identity an event, or none at all. With them what failed can be published again: an event that
                is in already has the effect of once.

        Raises:
            PartialPublish: Some are in and some are not known to be; its `receipts` say which.
            Unavailable: The server cannot take events now; none is known to be in.
            PublishError: The server refuses them for good.
        """
        for name, given in (("keys", keys), ("event_ids", event_ids)):
            if given and len(given) != len(events):
                raise ConfigurationError(f"publish_many: {len(events)} events but {len(given)} {name}")
        identities = [each or new_event_id() for each in event_ids] if event_ids else new_event_ids(len(events))
        envelopes = [
            self._envelope(key, identity, None) for key, identity in zip(keys or repeat(""), identities, strict=False)
        ]
        if self._spans is None:
            return await self._publish_many(events, envelopes)
        with self._spans.span(envelopes, batch=True):
            return await self._publish_many(events, envelopes)

    async def _publish_many(self, events: Sequence[Event], envelopes: Sequence[Envelope]) -> list[Receipt]:
        entries = [envelope.around(event) for event, envelope in zip(events, envelopes, strict=True)]
        ids: list[bytes] = []
        try:
            for first in range(0, len(entries), MOST_PER_CALL):
                # Other calls may be waiting for the connection before this one.
                async with asyncio.timeout(2 * self._appender.patience_seconds):
                    ids += await self._appender.append_all(entries[first : first + MOST_PER_CALL])
        except (RedisError, OSError, TimeoutError) as error:
            failure = self._as_publish_error(error)
            if not ids:
                raise failure from error
            missing = [None] * (len(entries) - len(ids))
            raise PartialPublish([*_receipts(envelopes, ids), *missing], str(failure)) from error
        return _receipts(envelopes, ids)

    @cached_property
    def _spans(self) -> SendSpans | None:
        tracer = active_tracer()
        return SendSpans(tracer, self._url, self.stream) if tracer is not None else None

    def _envelope(self, key: str, event_id: str | None, correlation_id: str | None) -> Envelope:
        flow = current_flow.get()
        identity = event_id or new_event_id()
        return Envelope(
            identity, correlation_id or flow.correlation_id or identity, flow.causation_id, flow.traceparent, key
        )

    def _as_publish_error(self, error: BaseException) -> PublishError:
        told = f"stream {self.stream}: {str(error) or type(error).__name__}"
        if isinstance(error, ReplicasMissing):
            return NotReplicated(told, error.reached, error.wanted)
        if is_temporary(error):
            return Unavailable(told)
        if is_denied(error):
            told += f"; {advice(error, self._appender.keys, self._appender.commands)}"
        return PublishError(told)


def _receipts(envelopes: Sequence[Envelope], ids: Sequence[bytes]) -> list[Receipt]:
    return [
        Receipt(envelope.event_id, entry_id.decode(), envelope.correlation_id)
        for envelope, entry_id in zip(envelopes, ids, strict=False)
    ]
