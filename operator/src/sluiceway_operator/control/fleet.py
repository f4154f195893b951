"""Every resource on its server: brought there, moved when its server changes, let go when nobody asks for it any more."""

import asyncio
import random
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass

import structlog

from ..observation import Unknown
from ..ports import AlwaysLeading, Leadership, Reports, Workloads
from ..registry import Registry, Resource, ResourceKey
from ..resource import StreamConsumerStatus
from .claims import Claims
from .ending import end
from .endpoint import Endpoint
from .neighbours import Neighbours
from .server import ServerAddress
from .servers import Servers, ServerUnknown
from .stepping import Stepper
from .taking_up import take_up
from .tracked import Tracked

__all__ = ["Fleet"]

_ADDRESS_SECONDS = 10.0
"""How long finding an address may take; a Secret is read for it."""
_ADDRESS_AGAIN_SECONDS = 30.0
_FIRST_RETRY_SECONDS = 1.0


class Fleet:
    """Looks after all resources of a registry.

    Args:
        registry: What is asked for; nobody else listens to its changes.
        servers: Finds servers and connects to them.
        workloads: Runs the consumers.
        reports: Tells the world.
        leadership: Says whether we may write.
        told: Returns the status of a resource as it was told before our time; None if it has none.
        every_seconds: From the beginning of one sweep of a server to that of the next.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        registry: Registry,
        servers: Servers,
        workloads: Workloads,
        reports: Reports,
        leadership: Leadership | None = None,
        *,
        told: Callable[[ResourceKey], StreamConsumerStatus | None] = lambda _: None,
        every_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._servers = servers
        self._claims = Claims()
        self._ports = workloads, reports, leadership or AlwaysLeading()
        self._told = told
        self._every_seconds = every_seconds
        self._clock = clock
        self._neighbours = Neighbours()
        self._homeless = Stepper(*self._ports, self._neighbours, self._claims, clock=clock)
        self._log = structlog.get_logger()
        self._keepers: dict[ResourceKey, _Keeper] = {}
        self._homes: dict[ResourceKey, ServerAddress] = {}
        self._running: dict[ServerAddress, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self.tracked: dict[ResourceKey, Tracked] = {}
        """What is known of each resource that is looked after."""
        self.endpoints: dict[ServerAddress, Endpoint] = {}
        """The servers that are looked at."""

    async def run(self) -> None:
        """Look after the registry's resources for ever; let go of all of them and close every server when cancelled."""
        try:
            self._follow({resource.key for resource in self._registry})
            while True:
                self._follow(await self._registry.changes())
        finally:
            await end([keeper.task for keeper in self._keepers.values()])
            self._keepers.clear()
            # with the last of its resources each server was let go
            await asyncio.gather(*self._ending, return_exceptions=True)

    def late_by(self) -> float:
        """Return by how many seconds the latest sweep of any server is older than it should be; 0.0 if none is."""
        now = self._clock()
        ages = [now - endpoint.sweep.began_at - self._every_seconds for endpoint in self.endpoints.values()]
        return max(0.0, *ages) if ages else 0.0

    # --- resources ----------------------------------------------------------------------------------------------------

    def _follow(self, changed: Collection[ResourceKey]) -> None:
        for key in changed:
            self._claims.note(key, self._registry.get(key))
        for key in changed:
            if key in self._keepers:
                self._keepers[key].again.set()
            elif self._registry.get(key) is not None:
                again = asyncio.Event()
                task = asyncio.create_task(self._keep(key, again), name=f"keeper of {key}")
                self._keepers[key] = _Keeper(again, task)

    async def _keep(self, key: ResourceKey, again: asyncio.Event) -> None:
        """Keep one resource where it belongs, until nobody asks for it."""
        failures = 0
        try:
            while (resource := self._registry.get(key)) is not None:
                again.clear()
                settled = await self._settle(self._take(resource))
                failures = 0 if settled else failures + 1
                await _wait(again, _ADDRESS_AGAIN_SECONDS if settled else _backoff_seconds(failures))
        finally:
            # nothing was awaited since the registry was asked, so what comes from now on gets a keeper of its own
            self._keepers.pop(key, None)
            self._let_go(key)

    def _take(self, resource: Resource) -> Tracked:
        """Bring what is known of a resource up to date with what is asked for."""
        known = self.tracked.get(resource.key)
        if known is not None and known.resource.uid != resource.uid:
            self._let_go(resource.key)
            known = None
        if known is None:
            known = self.tracked[resource.key] = Tracked.begin(resource)
            take_up(known, self._told(resource.key))
        elif known.resource != resource:
            if known.resource.spec.redis != resource.spec.redis:
                self._leave(known)
                known.moved()
            known.asked_anew(resource)
            if (address := self._homes.get(resource.key)) is not None:
                self.endpoints[address].put(known)
        return known

    def _let_go(self, key: ResourceKey) -> None:
        tracked = self.tracked.pop(key, None)
        if tracked is not None:
            tracked.gone = True
            self._leave(tracked)

    async def _settle(self, tracked: Tracked) -> bool:
        """Bring a resource to its server.

        Returns:
            Whether it is there and let in; if not, it is worth trying again soon.
        """
        try:
            async with asyncio.timeout(_ADDRESS_SECONDS):
                address = await self._servers.address(tracked.resource)
            self._move(tracked, address)
        except ServerUnknown as error:
            await self._tell_unknown(tracked, error.reason, str(error))
        except TimeoutError:
            await self._tell_unknown(tracked, "ServerUnknown", f"its address was not told in {_ADDRESS_SECONDS:g} s")
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not disturb the others
            self._log.exception("The server of a resource was not found", resource=str(tracked.resource.key))
            await self._tell_unknown(tracked, "ServerUnknown", f"{type(error).__name__}: {error}")
        else:
            return not self.endpoints[address].sweep.login_refused
        return False

    async def _tell_unknown(self, tracked: Tracked, reason: str, message: str) -> None:
        """Hold the replicas and say why. A server that was found before stays in use: what is known of it may be good."""
        if tracked.resource.key in self._homes:
            self._log.warning(message, resource=str(tracked.resource.key), reason=reason)
        else:
            await self._homeless.step(tracked, None, Unknown(reason, message, reachable=False))

    # --- servers ------------------------------------------------------------------------------------------------------

    def _move(self, tracked: Tracked, address: ServerAddress) -> None:
        """Have a resource looked at on this server, and on no other."""
        key = tracked.resource.key
        before = self._homes.get(key)
        if before == address:
            return
        if before is not None and before.url != address.url:
            tracked.moved()
        endpoint = self.endpoints.get(address) or self._start(address)
        self._leave(tracked)
        self._homes[key] = address
        endpoint.put(tracked)

    def _leave(self, tracked: Tracked) -> None:
        address = self._homes.pop(tracked.resource.key, None)
        if address is None:
            return
        endpoint = self.endpoints[address]
        endpoint.remove(tracked)
        if not endpoint.tracked:
            self._stop(address)

    def _start(self, address: ServerAddress) -> Endpoint:
        endpoint = Endpoint(
            self._servers.open(address),
            *self._ports,
            claims=self._claims,
            neighbours=self._neighbours,
            refused=lambda: self._look_again(address),
            every_seconds=self._every_seconds,
            clock=self._clock,
        )
        self.endpoints[address] = endpoint
        self._running[address] = asyncio.create_task(endpoint.run(), name=f"sweeps of {address.url}")
        return endpoint

    def _stop(self, address: ServerAddress) -> None:
        del self.endpoints[address]
        task = self._running.pop(address)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        task.cancel()

    def _look_again(self, address: ServerAddress) -> None:
        """Ask for the addresses of what is on a server anew: it refuses a login that may have been changed."""
        for key in self.endpoints[address].tracked:
            if key in self._keepers:
                self._keepers[key].again.set()


@dataclass(frozen=True, slots=True)
class _Keeper:
    """What keeps one resource.

    Args:
        again: Set when there is reason to look whether it is where it belongs.
        task: Does so.
    """

    again: asyncio.Event
    task: asyncio.Task[None]


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _backoff_seconds(failures: int) -> float:
    longest: float = min(_FIRST_RETRY_SECONDS * 2 ** min(failures - 1, 10), _ADDRESS_AGAIN_SECONDS)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311
