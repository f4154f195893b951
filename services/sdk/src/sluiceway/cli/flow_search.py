"""Looks for a flow's entries in streams, and asks what each group made of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import NoPermissionError

from ..engine.deadletter import PROVENANCE
from ..ids import entry_milliseconds, entry_order
from ..keys import RELEASED, GroupKeys
from ..rights import is_about_a_key
from .entry_pages import Row, entries_between
from .flow import Entry, Flow, Outcome, State, assemble, belongs_to
from .retry_record import read_record
from .server import Server
from .streams import GroupInfo, StreamInfo, derived_keys, stream_info, without_derived

__all__ = ["FlowSearch"]


@dataclass(slots=True)
class FlowSearch:
    """One search for one flow.

    The order of its steps keeps an entry that moves meanwhile from being missed: entries, then groups, then pending
    lists, then dead letters, then replays, which is the way that an entry takes.

    Args:
        server: The server.
        correlation_id: The flow.
        since_ms: Start of the window, in milliseconds since 1970 by the server's clock.
        now_ms: Its end.
        limit: Most entries that are read of one stream.

    Attributes:
        entries_read: How many were looked at so far.
        cut_short: Streams of which the limit left something unread.
        hidden: Streams that may not be looked at.
    """

    server: Server
    correlation_id: str
    since_ms: int
    now_ms: int
    limit: int
    entries_read: int = 0
    cut_short: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)
    _found: dict[tuple[str, str], Entry] = field(default_factory=dict)
    _outcomes: defaultdict[tuple[str, str], list[Outcome]] = field(default_factory=lambda: defaultdict(list))

    async def run(self, names: Sequence[str]) -> Flow:
        """Search these streams and return what is there of the flow."""
        infos = without_derived(await self._infos(names))
        self.streams = [info.name for info in infos]
        for info in infos:
            async for entry_id, fields in self._window(info.name, str(self.now_ms)):
                if belongs_to(self.correlation_id, info.name, entry_id, fields):
                    self._found[info.name, entry_id] = Entry(info.name, entry_id, fields)
        groups = set()
        for info in await self._infos(self.streams):
            groups |= {group.name for group in info.groups}
            for group in info.groups:
                await self._follow(info, group)
        return assemble(self.correlation_id, self._found.values(), self._outcomes, groups)

    async def _infos(self, names: Sequence[str]) -> list[StreamInfo]:
        infos = []
        for name in names:
            try:
                info = await stream_info(self.server, name)
            except NoPermissionError as error:
                if not is_about_a_key(error):
                    raise
                self.hidden.append(name)
                continue
            if info is not None:
                infos.append(info)
        return infos

    async def _follow(self, stream: StreamInfo, group: GroupInfo) -> None:
        """Find out what one group made of the entries of its stream."""
        undecided: list[Entry] = []
        for entry in [each for each in self._found.values() if each.stream == stream.name]:
            if entry_order(entry.entry_id) > entry_order(group.last_delivered):
                self._note(entry, group.name, "not_delivered", {})
            elif outcome := await self._pending(stream.name, group.name, entry.entry_id):
                self._note(entry, group.name, *outcome)
            else:
                undecided.append(entry)
        gave_up: set[str] = set()
        if keys := derived_keys(stream.name, group.name):
            gave_up = await self._dead_letters(keys) | await self._replays(keys)
        for entry in undecided:
            if entry.entry_id not in gave_up:
                self._note(entry, group.name, "settled", {})

    async def _pending(self, stream: str, group: str, entry_id: str) -> tuple[State, dict[str, Any]] | None:
        rows = await self.server.call("XPENDING", stream, group, entry_id, entry_id, 1)
        if not rows:
            return None
        _, owner, idle_ms, deliveries = rows[0]
        consumer = owner.decode("utf-8", "replace")
        about = {"consumer": consumer, "idle_seconds": idle_ms / 1000, "deliveries": deliveries}
        if keys := derived_keys(stream, group):
            packed = await self.server.call("HGET", keys.retry, entry_id)
            record = read_record(packed) if packed else None
            # Once due it is started again, so then it is as good as any other that is pending.
            if record is not None and record.due > self.now_ms:
                due = (record.due - self.now_ms) / 1000
                return "waiting_retry", {
                    **about,
                    "due_in_seconds": due,
                    "failures": record.failures,
                    "error": record.error,
                }
        return "handed_back" if consumer == RELEASED else "pending", about

    async def _dead_letters(self, keys: GroupKeys) -> set[str]:
        """Note the flow's dead letters and return the IDs of their original entries."""
        gave_up = set()
        async for letter_id, fields in self._window(keys.dead):
            provenance = json.loads(fields.get(PROVENANCE, b"{}"))
            if provenance.get("correlationId") != self.correlation_id:
                continue
            original = provenance["entryId"]
            gave_up.add(original)
            rest = {name: value for name, value in fields.items() if name != PROVENANCE}
            entry = self._found.setdefault((keys.stream, original), Entry(keys.stream, original, rest, in_stream=False))
            details = {
                "letter_id": letter_id,
                "after_ms": entry_milliseconds(letter_id) - entry_milliseconds(original),
                "reason": provenance["reason"],
                "error_type": provenance["errorType"],
                "error": provenance["error"],
                "starts": provenance["starts"],
            }
            self._note(entry, keys.group, "dead_letter", details)
        return gave_up

    async def _replays(self, keys: GroupKeys) -> set[str]:
        """Note the flow's replays that are not settled (settled ones are deleted), and return their original IDs."""
        replay = await stream_info(self.server, keys.replay)
        if replay is None:
            return set()
        delivered = {group.name: group.last_delivered for group in replay.groups}.get(keys.group, "0-0")
        replayed = set()
        async for replay_id, fields in self._window(keys.replay):
            original = fields.get(b"replayOf", b"").decode()
            if not original or not belongs_to(self.correlation_id, keys.stream, original, fields):
                continue
            rest = {name: value for name, value in fields.items() if name not in (b"replayOf", b"replayNonce")}
            entry = self._found.setdefault((keys.stream, original), Entry(keys.stream, original, rest, in_stream=False))
            if entry_order(replay_id) > entry_order(delivered):
                outcome: tuple[State, dict[str, Any]] | None = ("not_delivered", {})
            else:
                outcome = await self._pending(keys.replay, keys.group, replay_id)
            if outcome is not None:
                replayed.add(original)
                self._note(entry, keys.group, *outcome, replay=True)
        return replayed

    async def _window(self, stream: str, end: str = "+") -> AsyncIterator[Row]:
        read = 0
        async for entry_id, fields in entries_between(self.server, stream, str(self.since_ms), end):
            if read == self.limit:
                self.cut_short.append(stream)
                return
            read += 1
            self.entries_read += 1
            yield entry_id, fields

    def _note(self, entry: Entry, group: str, state: State, details: dict[str, Any], *, replay: bool = False) -> None:
        self._outcomes[entry.stream, entry.entry_id].append(Outcome(group, state, details, replay))
