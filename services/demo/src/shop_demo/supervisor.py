"""Keeps the service processes: starts them, waits until they are ready, restarts the killed, stops them all."""

import asyncio
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from shop_demo.background import beside
from shop_demo.child import Child, Spec, last_lines, spawn
from shop_demo.exits import DemoError, Exit

_READY_SECONDS = 30.0
_READY_POLL_SECONDS = 0.05
_GRACE_SECONDS = 8.0
_AWAY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ProcessState:
    """What the view shows of a process."""

    name: str
    service: str
    pid: int | None
    state: str
    restarts: int


class Supervisor:
    """The processes of one run, by name.

    A process that ends without having been told to makes `died` come true: the demo hides no crash.

    Args:
        http: the session to ask for readiness with.
        ready_seconds: how long a process may take until it is ready.
        grace_seconds: how long a process may take to stop before it is killed.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        *,
        ready_seconds: float = _READY_SECONDS,
        grace_seconds: float = _GRACE_SECONDS,
    ) -> None:
        self._http = http
        self._ready_seconds = ready_seconds
        self._grace_seconds = grace_seconds
        self._children: dict[str, Child] = {}
        self._specs: dict[str, Spec] = {}
        self._restarts: Counter[str] = Counter()
        self._changing: dict[str, asyncio.Lock] = {}
        self._watchers: set[asyncio.Task[None]] = set()
        self._died: asyncio.Future[DemoError] = asyncio.get_running_loop().create_future()

    async def start(self, specs: Sequence[Spec]) -> None:
        """Start processes side by side and wait until all of them are ready.

        Args:
            specs: what to run; their names must be new.

        Raises:
            DemoError: one cannot be executed, ends at once, or is not ready in time; its last log lines are in the text.
        """
        async with beside(*(self._start_one(spec) for spec in specs)) as starts:
            await asyncio.gather(*starts)

    async def died(self) -> DemoError:
        """Wait until a process ends by itself; that may be never."""
        return await asyncio.shield(self._died)

    def running(self, service: str) -> list[Child]:
        """List the ready processes of a service that have not ended."""
        return [
            child
            for child in self._children.values()
            if child.spec.service == service and child.running and child.ready and not child.ending
        ]

    def states(self) -> list[ProcessState]:
        """Describe every process, in the order of starting."""
        return [self._describe(name) for name in self._specs]

    def changing(self, service: str) -> asyncio.Lock:
        """Give the lock to hold while a service's processes are stopped or restarted, so that two faults take turns."""
        return self._changing.setdefault(service, asyncio.Lock())

    async def restart(self, name: str) -> None:
        """Start a process again that was killed or stopped; nothing happens to one that runs.

        Raises:
            DemoError: as `start`.
        """
        if self._children[name].running:
            return
        self._restarts[name] += 1
        await self._start_one(self._specs[name])

    async def bring_back(self, name: str) -> bool:
        """Start a killed process again after a moment; tell that it is back.

        Raises:
            DemoError: as `start`.
        """
        await asyncio.sleep(_AWAY_SECONDS)
        async with self.changing(self._specs[name].service):
            await self.restart(name)
        return True

    async def stop_service(self, service: str) -> list[str]:
        """Stop every process of a service, also one that is just starting; return their names."""
        children = [child for child in self._children.values() if child.spec.service == service]
        await asyncio.gather(*(child.stop(self._grace_seconds) for child in children))
        return [child.spec.name for child in children]

    async def stop_all(self) -> list[str]:
        """Stop everything; return the names of those that had to be killed."""
        children = [child for child in self._children.values() if child.running]
        in_time = await asyncio.gather(*(child.stop(self._grace_seconds) for child in children))
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        if not self._died.done():
            self._died.cancel()
        return [child.spec.name for child, punctual in zip(children, in_time, strict=True) if not punctual]

    async def _start_one(self, spec: Spec) -> None:
        try:
            child = await spawn(spec)
        except OSError as error:
            raise DemoError(f"{spec.name} cannot be started: {error}") from error
        self._specs[spec.name] = spec
        self._children[spec.name] = child
        await self._until_ready(child)
        child.ready = True
        watcher = asyncio.create_task(self._watch(child))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)

    async def _until_ready(self, child: Child) -> None:
        deadline = asyncio.get_running_loop().time() + self._ready_seconds
        while not await self._is_ready(child):
            if child.ending:
                return
            if not child.running:
                raise DemoError(
                    f"{child.spec.name} ended while starting ({_how(child)}). Its last lines:\n{last_lines(child.spec.log)}"
                )
            if asyncio.get_running_loop().time() > deadline:
                raise DemoError(
                    f"{child.spec.name} was not ready after {self._ready_seconds:g} s. "
                    f"Its last lines:\n{last_lines(child.spec.log)}"
                )
            await asyncio.sleep(_READY_POLL_SECONDS)

    async def _is_ready(self, child: Child) -> bool:
        if not child.running:
            return False
        if child.spec.ready_url is None:
            return True
        try:
            async with self._http.get(child.spec.ready_url, timeout=aiohttp.ClientTimeout(total=2)) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _watch(self, child: Child) -> None:
        await child.process.wait()
        if not child.ending and not self._died.done():
            self._died.set_result(
                DemoError(
                    f"{child.spec.name} ended by itself ({_how(child)}). Its last lines:\n{last_lines(child.spec.log)}",
                    Exit.DIED,
                )
            )

    def _describe(self, name: str) -> ProcessState:
        child = self._children[name]
        if child.running:
            state = "stopping" if child.ending else "running" if child.ready else "starting"
        else:
            state = "killed" if child.process.returncode == -signal.SIGKILL else "stopped"
        return ProcessState(name, child.spec.service, child.pid if child.running else None, state, self._restarts[name])


def _how(child: Child) -> str:
    code = child.process.returncode
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
