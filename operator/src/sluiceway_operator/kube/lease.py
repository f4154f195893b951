"""Who of several operators writes: whoever holds the Lease, and only as long as nobody else can believe it to be free.

Two clocks are never compared. The holder counts from before it sent the request that renewed the Lease; another one
counts from when it saw the Lease change last, which is later. So the holder stops believing before anybody else begins,
whatever the time of day is on either machine (the rule of client-go's leaderelection, without its comparison of times
for the holder). A process that was stopped and goes on finds its time over before it writes.
"""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from typing_extensions import override

from ..ports import Leadership, NotLeading
from .api import Api, ApiFault, Json

__all__ = ["Lease", "LeaseName", "LeaseTimes"]

_NOT_FOUND, _CONFLICT = 404, 409


@dataclass(frozen=True, slots=True)
class LeaseName:
    """Names a Lease (`coordination.k8s.io/v1`)."""

    namespace: str
    name: str

    @property
    def collection(self) -> str:
        """The path of the Leases of its namespace."""
        return f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases"

    @property
    def path(self) -> str:
        """Its path."""
        return f"{self.collection}/{self.name}"


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """How long is waited for what.

    Args:
        duration_seconds: After so long without a renewal anybody may take the Lease.
        renew_seconds: From one look at the Lease to the next, of the holder and of those who wait.
        margin_seconds: Nothing is written in the last part of the time that is ours: it may be under way for a while.
    """

    duration_seconds: int = 6
    renew_seconds: float = 1.0
    margin_seconds: float = 2.0


class Lease(Leadership):
    """Holds a Lease, or waits for it.

    Args:
        api: The API server.
        name: The Lease.
        identity: Who we are: no two processes that run at the same time share it.
        times: How long is waited for what.
        clock: Seconds that never go back and go on while the process is stopped.

    Example:
        >>> lease = Lease(api, LeaseName("sluiceway", "sluiceway"), "sluiceway-7d9f-x2x")
        >>> holding = asyncio.create_task(lease.run())
        >>> await lease.held.wait()
        >>> lease.check()
    """

    def __init__(
        self,
        api: Api,
        name: LeaseName,
        identity: str,
        times: LeaseTimes | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._name = name
        self._identity = identity
        self._times = times or LeaseTimes()
        self._clock = clock
        self._ours_until = float("-inf")
        self._seen: tuple[str, float] | None = None
        self._holder: str | None = None
        self._unreachable = False
        self._log = structlog.get_logger().bind(lease=f"{name.namespace}/{name.name}", identity=identity)
        self.held = asyncio.Event()
        """Set while the Lease is ours: from the moment it is taken until somebody else is seen to have it."""
        self.lost = asyncio.Event()
        """Set while it is somebody else's or nobody's."""
        self.lost.set()

    @property
    def leading(self) -> bool:
        """Whether we may write now."""
        return self._clock() < self._ours_until - self._times.margin_seconds

    @property
    def holder(self) -> str | None:
        """Who had the Lease at the latest look; None if nobody, or if it was never seen."""
        return self._holder

    @override
    def check(self) -> None:
        if not self.leading:
            raise NotLeading(f"the Lease {self._name.namespace}/{self._name.name} is not held, or not for long enough")

    async def run(self) -> None:
        """Take the Lease when it is free and renew it, for ever."""
        while True:
            with suppress(TimeoutError):
                # an answer that comes after the next look was due is of no use
                async with asyncio.timeout(self._times.duration_seconds / 2):
                    await self.once()
            await asyncio.sleep(self._times.renew_seconds * random.uniform(0.8, 1.0))  # noqa: S311

    async def once(self) -> None:
        """Look at the Lease, and take or renew it if it is ours or free. Faults are logged; the next look tries again."""
        try:
            lease = await self._get()
            if self._may_take(lease):
                await self._take(lease)
        except ApiFault as fault:
            if fault.status == _CONFLICT:
                # somebody was quicker; who it is shows the next look
                return
            if not self._unreachable:
                self._log.warning("The Lease cannot be looked at; nothing is written without it", error=str(fault))
            self._unreachable = True
        else:
            self._unreachable = False

    async def release(self) -> None:
        """Give the Lease up so that the next one need not wait. Only when nothing of ours writes any more."""
        ours_until, self._ours_until = self._ours_until, float("-inf")
        if self._clock() >= ours_until:
            return
        with suppress(ApiFault, TimeoutError):
            async with asyncio.timeout(self._times.margin_seconds):
                lease = await self._get()
                if lease is not None and lease["spec"].get("holderIdentity") == self._identity:
                    lease["spec"]["holderIdentity"] = ""
                    await self._api.put(self._name.path, lease)
        self._note(None)

    async def _get(self) -> Json | None:
        try:
            return await self._api.get(self._name.path)
        except ApiFault as fault:
            if fault.status == _NOT_FOUND:
                return None
            raise

    def _may_take(self, lease: Json | None) -> bool:
        if lease is None:
            return True
        now, version = self._clock(), str(lease["metadata"]["resourceVersion"])
        holder = lease["spec"].get("holderIdentity") or None
        if self._seen is None or self._seen[0] != version:
            self._seen = version, now
        if holder in {None, self._identity}:
            return True
        self._note(holder)
        valid_for = lease["spec"].get("leaseDurationSeconds") or self._times.duration_seconds
        return now - self._seen[1] > valid_for

    async def _take(self, lease: Json | None) -> None:
        asked, now = self._clock(), _micro_time()
        spec = {
            **(lease["spec"] if lease is not None else {}),
            "holderIdentity": self._identity,
            "leaseDurationSeconds": self._times.duration_seconds,
            "renewTime": now,
        }
        before = lease["spec"].get("holderIdentity") if lease is not None else None
        if before != self._identity:
            spec["acquireTime"] = now
            spec["leaseTransitions"] = (spec.get("leaseTransitions") or 0) + (lease is not None)
        if lease is None:
            fresh = {
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": self._name.name, "namespace": self._name.namespace},
                "spec": spec,
            }
            await self._api.post(self._name.collection, fresh)
        else:
            # with the version that was read: of two who take it at once, one is refused
            await self._api.put(self._name.path, {**lease, "spec": spec})
        self._ours_until = asked + self._times.duration_seconds
        self._note(self._identity)

    def _note(self, holder: str | None) -> None:
        if holder != self._holder:
            self._log.info("Leading" if holder == self._identity else "Not leading", holder=holder)
        self._holder = holder
        ours = holder == self._identity
        for event, so in ((self.held, ours), (self.lost, not ours)):
            event.set() if so else event.clear()


def _micro_time() -> str:
    """Return the time as the API writes it for Leases: UTC with microseconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
