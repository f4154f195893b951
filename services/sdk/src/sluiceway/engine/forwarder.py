"""On a cluster: publishes the outputs that a commit cannot reach, because their stream is in another slot."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from redis.exceptions import ResponseError

from ..appender import MOST_PER_CALL, Appender
from ..connection import Endpoint
from ..connection.faults import is_temporary
from ..wire import Fields
from .delivery import Delivery
from .shared import Shared

__all__ = ["Forwarder"]

_Output = tuple[str, Fields]


class Forwarder:
    """Publishes outputs for other slots ahead of the commit that acknowledges their entry.

    Their event IDs are derived from the entry's. If the commit does not follow (the process dies, the lease was lost),
    whoever handles the entry again publishes them under the same IDs, and the markers of the groups that consume them
    drop the copies. The other way round, acknowledged first, a process that dies in between would lose them.

    Args:
        endpoint: The cluster.
        shared: What the consumer's rooms have in common.
    """

    def __init__(self, endpoint: Endpoint, shared: Shared) -> None:
        self._endpoint = endpoint
        self._stream = shared.holdings.sources[0].stream
        self._health = shared.health
        self._within_reach: dict[str, bool] = {}
        self._appenders: dict[str, Appender] = {}

    async def forward(self, batch: Sequence[Delivery]) -> dict[Delivery, str]:
        """Publish the outputs for other slots, and take them off their deliveries.

        Returns:
            The deliveries with an output that the server refuses for good, and why.
        """
        outputs: dict[str, list[tuple[Delivery, _Output]]] = {}
        for delivery in batch:
            for output in delivery.outputs:
                if not self._reaches(output[0]):
                    outputs.setdefault(output[0], []).append((delivery, output))
        refused: dict[Delivery, str] = {}
        for stream, waiting in outputs.items():
            for first in range(0, len(waiting), MOST_PER_CALL):
                chunk = waiting[first : first + MOST_PER_CALL]
                step = partial(self._append, stream, [fields for _, (_, fields) in chunk])
                refusal = await self._health.persist("publish of outputs", step)
                for delivery, output in chunk:
                    if refusal is not None:
                        refused[delivery] = f"stream {stream}: {refusal}"
                    else:
                        delivery.outputs = [each for each in delivery.outputs if each is not output]
        return refused

    async def close(self) -> None:
        """Close its connections."""
        for appender in self._appenders.values():
            await appender.close()

    def _reaches(self, stream: str) -> bool:
        """Return whether the commit itself can write to a stream."""
        if stream not in self._within_reach:
            self._within_reach[stream] = self._endpoint.one_step(self._stream, stream)
        return self._within_reach[stream]

    async def _append(self, stream: str, entries: Sequence[Fields]) -> ResponseError | None:
        """Append entries; return the error of a server that will never take them."""
        appender = self._appenders.get(stream)
        if appender is None:
            timeout = self._endpoint.settings.timeout_seconds
            appender = self._appenders[stream] = Appender(self._endpoint, stream, timeout, drains=True)
        try:
            await appender.append_all(entries)
        except ResponseError as error:
            if is_temporary(error):
                raise
            return error
        return None
