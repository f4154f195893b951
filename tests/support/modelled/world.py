"""A modelled server with one stream, pods that read it, and an operator that looks after them; time passes when told to."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from structlog.processors import format_exc_info
from structlog.testing import capture_logs
from tests.support.control import Clock, Loop
from typing_extensions import override

from sluiceway.testing.memory.streams import EntryId, show_id
from sluiceway_operator.keys import GroupKeys
from sluiceway_operator.ports import Leadership, NotLeading
from sluiceway_operator.streams import RELEASED

from .client import ModelledClient, modelled_home
from .pods import LedPods, ModelledPods
from .server import ModelledServer

__all__ = ["STREAM", "Lead", "World"]

STREAM = "orders"
_LEASE_SECONDS = 30.0
"""After which a living consumer takes what another one holds, whoever that is."""


class Lead(Leadership):
    """Leads until somebody else does."""

    def __init__(self) -> None:
        self.lost = False

    @override
    def check(self) -> None:
        if self.lost:
            raise NotLeading("another operator leads")


class World:
    """Everything, moved step by step."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.server = ModelledServer(self.clock)
        self.client = ModelledClient(self.server)
        self.pods = ModelledPods()
        self.asked: dict[str, dict[str, Any]] = {}
        self.loop, self.lead = self._operator()
        self.deposed: Loop | None = None
        """The operator that led before this one."""
        self._runner = asyncio.Runner()

    def close(self) -> None:
        self._runner.close()

    def _operator(self) -> tuple[Loop, Lead]:
        lead = Lead()
        led = LedPods(self.pods, lead)
        loop = Loop(modelled_home(self.client), clock=self.clock, workloads=led, leadership=lead)
        return loop, lead

    # --- resources ----------------------------------------------------------------------------------------------------

    def ask(self, name: str, **spec: Any) -> None:
        """Ask for a resource, or for it in another way."""
        known = name in self.asked
        self.asked[name] = spec = {**spec, "group": {"name": name, **spec.get("group", {})}}
        if known:
            self.loop.edit(name, stream=STREAM, **spec)
        else:
            self.pods.counts.setdefault(name, 0)
            self.loop.add(name, replicas=self.pods.counts[name], stream=STREAM, **spec)

    def forget(self, name: str) -> None:
        """Delete a resource."""
        del self.asked[name]
        self.loop.remove(name)

    def change_leader(self) -> None:
        """Have another operator lead, which knows nothing but the statuses that were told."""
        self.deposed, self.lead.lost = self.loop, True
        self.loop, self.lead = self._operator()
        for name, spec in self.asked.items():
            told = self.deposed.told.latest(name)
            self.loop.add(name, replicas=self.pods.counts[name], stream=STREAM, told=told, **spec)

    # --- the server and who uses it -----------------------------------------------------------------------------------

    def call(self, *words: Any) -> Any:
        """Run a command on the server."""
        return self.server.execute([word if isinstance(word, bytes) else str(word).encode() for word in words])

    def produce(self, count: int) -> None:
        with suppress(ResponseError):  # the key may hold something else
            for number in range(count):
                self.call("XADD", STREAM, "*", "n", number)

    def read(self, group: str, consumer: str, count: int) -> None:
        """Have a consumer take what nobody was given yet."""
        with suppress(ResponseError):  # there may be no such group, or no stream at all
            self.call("XREADGROUP", "GROUP", group, consumer, "COUNT", count, "STREAMS", STREAM, ">")

    def acknowledge(self, group: str, consumer: str, most: int) -> None:
        """Have a consumer finish the oldest of what it holds."""
        held = self.held(group, consumer)[:most]
        if held:
            self.call("XACK", STREAM, group, *map(show_id, held))

    def take_over(self, group: str, consumer: str) -> None:
        """Have a consumer take what was released, and what others have held for longer than a lease."""
        milliseconds = self.server.keys.now() - int(_LEASE_SECONDS * 1000)
        pending = self._pending(group)
        free = [
            entry_id
            for entry_id, each in pending.items()
            if each.consumer == RELEASED.encode() or each.delivered <= milliseconds
        ]
        if free:
            self.call("XCLAIM", STREAM, group, consumer, 0, *map(show_id, free))

    def held(self, group: str, consumer: str) -> list[EntryId]:
        """What a consumer holds, the oldest first."""
        pending = self._pending(group)
        return sorted(entry_id for entry_id, each in pending.items() if each.consumer == consumer.encode())

    def make_group(self, group: str, start: str) -> None:
        with suppress(ResponseError):  # it is there already, or the key holds no stream
            self.call("XGROUP", "CREATE", STREAM, group, start, "MKSTREAM")

    def destroy_group(self, group: str) -> None:
        with suppress(ResponseError):
            self.call("XGROUP", "DESTROY", STREAM, group)

    def replay(self, group: str, count: int) -> None:
        """Put dead letters back."""
        for number in range(count):
            self.call("XADD", GroupKeys(STREAM, group).replay, "*", "n", number)

    def settle_replay(self, group: str) -> None:
        self.call("DEL", GroupKeys(STREAM, group).replay)

    def replayed(self, group: str) -> int:
        """Dead letters that were put back and are not done."""
        return len(self.server.stream(GroupKeys(STREAM, group).replay).entries)

    def delete(self, every: int) -> None:
        """Delete each so many-th entry, whoever needs it."""
        if doomed := list(self.server.stream(STREAM).entries)[::every]:
            self.call("XDEL", STREAM, *map(show_id, doomed))

    def trim(self, length: int) -> None:
        """Remove the oldest entries, whoever needs them."""
        with suppress(ResponseError):
            self.call("XTRIM", STREAM, "MAXLEN", length)

    def delete_stream(self) -> None:
        self.call("DEL", STREAM)

    def spoil_stream(self) -> None:
        """Have something else under the stream's name."""
        self.delete_stream()
        self.call("HSET", STREAM, "no", "stream")

    def repair_stream(self) -> None:
        """Take away what is no stream."""
        if self.call("TYPE", STREAM) != b"stream":
            self.delete_stream()

    def _pending(self, group: str) -> dict[EntryId, Any]:
        found = self.server.stream(STREAM).groups.get(group.encode())
        return {} if found is None else dict(found.pending)

    # --- time ---------------------------------------------------------------------------------------------------------

    def sweep(self, seconds: float, loop: Loop | None = None) -> None:
        """Let time pass, then have an operator look: first at what wakes it, then at everything."""
        self.clock.now += seconds
        # a step that fails is logged and tried again, which would hide it here
        with capture_logs(processors=[format_exc_info]) as logs:
            self._runner.run(self._sweep(loop or self.loop))
        defects = [each.get("exception", each["event"]) for each in logs if each["log_level"] == "error"]
        assert not defects, "\n".join(defects)

    @staticmethod
    async def _sweep(loop: Loop) -> None:
        with suppress(RedisConnectionError):  # the sweep says so
            await loop.waker.once()
        await loop.sweeping.once()
