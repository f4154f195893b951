"""Shows at resources that cannot be understood that they are left alone: the control loop does not know them."""

import asyncio
from contextlib import suppress

from ..ports import NotLeading, ReportFailed
from .feed import Feed, Refused
from .reports import KubernetesReports

__all__ = ["Refusals"]

_LOOK_SECONDS = 1.0


class Refusals:
    """Tells each refusal once.

    Args:
        feed: Knows what is refused.
        reports: Tells.
    """

    def __init__(self, feed: Feed, reports: KubernetesReports) -> None:
        self._feed = feed
        self._reports = reports
        self._told: frozenset[Refused] = frozenset()

    async def run(self) -> None:
        """Tell for ever."""
        while True:
            await self.once()
            await asyncio.sleep(_LOOK_SECONDS)

    async def once(self) -> None:
        """Tell what was not told; what cannot be told now is told the next time."""
        refused = frozenset(self._feed.refused.values())
        self._told &= refused
        with suppress(NotLeading):
            for each in refused - self._told:
                with suppress(ReportFailed):
                    await self._reports.refused(each, self._feed.status_of(each.key))
                    self._told |= {each}
