"""A group on a real server that a test fills, reads and spoils, and looks at as the operator does."""

from __future__ import annotations

from typing import Any

import redis.asyncio

from sluiceway_operator.keys import GroupKeys
from sluiceway_operator.observe import Ask, Calibration, Look, judge_lag, observe_groups
from sluiceway_operator.resource import Accuracy

__all__ = ["Observed"]


class Observed:
    """One group and what the operator remembers of it.

    Args:
        client: Client of the server.
        stream: The stream.
        group: The group.
    """

    def __init__(self, client: redis.asyncio.Redis, stream: str, group: str) -> None:
        self.client = client
        self.keys = GroupKeys(stream, group)
        self._calibration: Calibration | None = None
        self._count = Ask(stream, group, "", "").count
        self._now = 0.0

    async def create(self, start: str | bytes = "0") -> None:
        await self.client.xgroup_create(self.keys.stream, self.keys.group, start, mkstream=True)

    async def add(self, count: int) -> list[bytes]:
        """Append entries in one moment, so that no look falls between two of them, and return their IDs."""
        pipeline = self.client.pipeline(transaction=True)
        for number in range(count):
            _ = pipeline.xadd(self.keys.stream, {"n": number})
        ids: list[bytes] = await pipeline.execute()
        return ids

    async def read(self, consumer: str, count: int) -> None:
        await self.client.xreadgroup(self.keys.group, consumer, {self.keys.stream: ">"}, count=count)

    def ask(self) -> Ask:
        return Ask(self.keys.stream, self.keys.group, self.keys.replay, self.keys.dead, self._count)

    async def look(self) -> Look:
        (seen,) = await observe_groups(self.client, [self.ask()])
        assert isinstance(seen, Look), seen
        return seen

    async def lag(self) -> tuple[int, Accuracy]:
        """Look, and judge by what the looks before taught."""
        return self.judge(await self.look())

    def judge(self, seen: Any) -> tuple[int, Accuracy]:
        assert isinstance(seen, Look), seen
        self._now += 1
        judged = judge_lag(seen, self._calibration, self._now)
        self._calibration, self._count = judged.calibration, judged.count_next
        return judged.count, judged.accuracy

    def seconds_pass(self, seconds: float) -> None:
        self._now += seconds
