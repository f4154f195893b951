"""Makes the consumer group, and makes it again when it is lost."""

from __future__ import annotations

import asyncio

from ..connection import Link
from ..scripts import load
from .delivery import Source
from .shared import Shared

__all__ = ["Groups"]


class Groups:
    """Keeps the group on every stream of a consumer.

    Args:
        link: Its connection.
        shared: What the consumer's rooms have in common.
    """

    def __init__(self, link: Link, shared: Shared) -> None:
        self._link = link
        self._sources = shared.holdings.sources
        self._options = shared.options
        self._health = shared.health
        self._stats = shared.stats
        self._log = shared.log
        self._script = load("repair")
        self._lock = asyncio.Lock()
        self._seen = False
        shared.health.repair = self.repair

    async def ensure(self) -> None:
        """Make the group where it does not exist."""
        async with self._lock:
            refusals = [await self._ensure(source) for source in self._sources]
            self._health.refused = next(filter(None, refusals), None)
            self._seen = True

    async def repair(self) -> None:
        """Make a lost group anew; where policy forbids it, wait for somebody to do it."""
        while True:
            await self._health.persist("group repair", self.ensure)
            if self._health.refused is None:
                return
            await asyncio.sleep(1)

    async def _ensure(self, source: Source) -> str | None:
        """Make the group of one stream, or return why that is forbidden."""
        # Whatever is in a replay stream was put there for this group, so it is never skipped.
        start = "earliest" if source.is_replay else self._options.start
        policy = "resume" if source.is_replay else self._options.on_lost_group
        status, after, policy_kept = await self._link.run(
            self._script,
            (source.stream, source.state, source.retry),
            (source.group, start, policy, int(self._seen)),
        )
        if status == b"refused":
            self._log.error("Group is lost; its policy forbids making it anew", stream=source.stream)
            return f"the group {source.group} of {source.stream} is lost and its policy is `fail`"
        if status == b"repaired":
            self._stats.repaired += 1
            self._log.warning(
                "Group was lost and was made anew",
                stream=source.stream,
                policy=policy_kept.decode(),
                starts_after=after.decode(),
            )
        elif status == b"created":
            self._log.info("Group was created", stream=source.stream, starts_after=after.decode())
        return None
