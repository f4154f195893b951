"""Which StreamConsumers exist, listed now and then: what went while no watch was there is told by nothing else."""

import asyncio
from collections.abc import Sequence

import structlog

from ..registry import ResourceKey
from .api import Api, ApiFault
from .feed import Feed

__all__ = ["Listing"]

_RESOURCE = "/apis/sluiceway.dev/v1alpha1"
_EVERY_SECONDS = 60.0
_FIRST_SECONDS = 0.5
_PAGE = "500"


class Listing:
    """Lists StreamConsumers and compares them with what the watch showed.

    Args:
        api: The API server.
        namespaces: Where; empty: everywhere.
        feed: What the watch showed; it forgets what is gone.
    """

    def __init__(self, api: Api, namespaces: Sequence[str], feed: Feed) -> None:
        self._api = api
        self._paths = [f"{_RESOURCE}/namespaces/{each}/streamconsumers" for each in namespaces] or [
            f"{_RESOURCE}/streamconsumers"
        ]
        self._feed = feed
        self._failing = False
        self._log = structlog.get_logger()
        self.synced = False
        """Whether the watch once had shown everything that was listed."""

    async def run(self) -> None:
        """List for ever: often until the watch has shown everything, then now and then."""
        while True:
            try:
                await self.once()
            except ApiFault as fault:
                if not self._failing:
                    self._log.warning("StreamConsumers cannot be listed; it is tried again", error=str(fault))
                self._failing = True
            else:
                self._failing = False
            await asyncio.sleep(_EVERY_SECONDS if self.synced else _FIRST_SECONDS)

    async def once(self) -> None:
        """List now.

        Raises:
            ApiFault: The API server refuses, or does not answer.
        """
        known = set(self._feed.seen)
        existing = {key for path in self._paths for key in await self._list(path)}
        self._feed.keep_only(existing, known)
        if not self.synced and existing <= self._feed.seen:
            self._log.info("All StreamConsumers are known", count=len(existing))
            self.synced = True

    async def _list(self, path: str) -> list[ResourceKey]:
        found: list[ResourceKey] = []
        query = {"limit": _PAGE}
        while True:
            page = await self._api.list_metadata(path, query)
            found += [ResourceKey(each["metadata"]["namespace"], each["metadata"]["name"]) for each in page["items"]]
            rest = page["metadata"].get("continue")
            if not rest:
                return found
            query = {"limit": _PAGE, "continue": rest}
