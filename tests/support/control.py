"""The control loop on a real server, with replicas that are only counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from typing_extensions import override

from sluiceway_operator.control import Claims, Endpoint, Server, ServerAddress, Tracked, take_up
from sluiceway_operator.ports import AlwaysLeading, Leadership, Pod, Reports, Target, TargetMissing, Workloads
from sluiceway_operator.registry import Resource, ResourceKey
from sluiceway_operator.resource import Condition, StreamConsumerSpec, StreamConsumerStatus

__all__ = ["Clock", "CountedWorkloads", "Loop", "Told", "resource"]


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class CountedWorkloads(Workloads):
    """Targets of which only the number of replicas is known, and every write."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.written: list[tuple[str, int]] = []
        self.spared: list[Mapping[str, int]] = []
        self.existing: dict[str, list[str]] = {}
        self.fault: Exception | None = None
        self.asked = 0
        self.pods_fault: Exception | None = None
        self.answer_lost: Exception | None = None
        self.heeding = True
        self.rivals: dict[str, str] = {}
        self.asked_afresh = 0

    @override
    async def replicas(self, target: Target) -> int:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        if target.ref.name not in self.counts:
            raise TargetMissing(f"there is no {target}")
        return self.counts[target.ref.name]

    @override
    async def scale(self, target: Target, replicas: int) -> None:
        self.written.append((target.ref.name, replicas))
        self.counts[target.ref.name] = replicas
        if self.answer_lost is not None:
            raise self.answer_lost

    @override
    async def pods(self, target: Target) -> Collection[Pod]:
        if self.pods_fault is not None:
            raise self.pods_fault
        return [Pod(name, f"uid of {name}") for name in self.existing.get(target.ref.name, [])]

    @override
    def heeds(self, target: Target) -> bool:
        return self.heeding

    @override
    async def rival(self, target: Target, *, afresh: bool = False) -> str | None:
        self.asked_afresh += afresh
        return self.rivals.get(target.ref.name)

    @override
    async def spare(self, target: Target, held: Mapping[str, int]) -> bool:
        if self.pods_fault is not None:
            raise self.pods_fault
        self.spared.append(held)
        return self.heeding


class Told(Reports):
    """Keeps what the world was told."""

    def __init__(self) -> None:
        self.statuses: list[tuple[str, StreamConsumerStatus]] = []
        self.events: list[tuple[str, str, bool]] = []

    @override
    async def status(self, resource: Resource, status: StreamConsumerStatus) -> None:
        self.statuses.append((resource.key.name, status))

    @override
    async def event(self, resource: Resource, reason: str, message: str, *, warning: bool = False) -> None:
        self.events.append((resource.key.name, reason, warning))

    def status_of(self, name: str) -> StreamConsumerStatus:
        """The status that was told last."""
        told = self.latest(name)
        assert told is not None, f"nothing was told of {name}"
        return told

    def latest(self, name: str) -> StreamConsumerStatus | None:
        """The status that was told last; None if none was."""
        told = [status for told, status in self.statuses if told == name]
        return told[-1] if told else None

    def condition(self, name: str, kind: str) -> Condition:
        """A condition as it was told last."""
        (found,) = [each for each in self.status_of(name).conditions or [] if each.type == kind]
        return found


def resource(
    name: str,
    *,
    url: str = "redis://redis:6379",
    stream: str = "orders",
    target: str = "",
    uid: str = "",
    generation: int = 1,
    created: float = 0.0,
    **spec: Any,
) -> Resource:
    """A resource that is called as its group, and as its target if nothing else is said.

    Args:
        name: Of the resource and the group.
        url: Its server.
        stream: The stream.
        target: The target's name; empty: that of the group.
        uid: Its identity; empty: one that goes with the name.
        generation: Counts the changes of its spec.
        created: When it was made, in seconds.
        spec: Further fields of the spec.
    """
    asked = {
        "redis": {"url": url},
        "stream": stream,
        "group": {"name": name},
        "scaleTargetRef": {"name": target or name},
        **spec,
    }
    key = ResourceKey("shops", name)
    return Resource(key, uid or f"uid-{name}", generation, StreamConsumerSpec.model_validate(asked), created)


class Loop:
    """The control loop of one server, swept by hand.

    Args:
        server: The server.
        clock: Seconds that a test lets pass; None: a clock of its own.
        workloads: Runs the consumers; None: replicas that are only counted.
        leadership: Says whether it may write; None: always.
    """

    def __init__(
        self,
        server: str | ServerAddress | Server,
        *,
        clock: Clock | None = None,
        workloads: Workloads | None = None,
        leadership: Leadership | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.workloads = CountedWorkloads()
        self.told = Told()
        if isinstance(server, str):
            server = ServerAddress(server)
        self.server = Server(server) if isinstance(server, ServerAddress) else server
        self._claims = Claims()
        self._endpoint = Endpoint(
            self.server,
            workloads or self.workloads,
            self.told,
            leadership or AlwaysLeading(),
            claims=self._claims,
            clock=self.clock,
        )
        self.waker = self._endpoint.waker
        self.sweeping = self._endpoint.sweep
        self.tracked = self._endpoint.tracked

    def add(
        self,
        name: str,
        *,
        replicas: int | None = 0,
        target: str = "",
        told: StreamConsumerStatus | None = None,
        **asked: Any,
    ) -> None:
        """Look after a group called as its resource, and as its target if nothing else is said.

        Args:
            name: Of the resource and the group.
            replicas: Of the target; None: there is no target.
            target: The target's name; empty: that of the group.
            told: Its status before our time.
            asked: As for `resource`.
        """
        if replicas is not None:
            self.workloads.counts[target or name] = replicas
        made = resource(name, target=target, **asked)
        self._claims.note(made.key, made)
        tracked = Tracked.begin(made)
        take_up(tracked, told)
        self._endpoint.put(tracked)

    def edit(self, name: str, **asked: Any) -> None:
        """Take a changed resource, as the fleet does.

        Args:
            name: Of the resource and the group.
            asked: As for `resource`.
        """
        known = self.of(name)
        made = resource(name, generation=known.resource.generation + 1, **asked)
        self._claims.note(made.key, made)
        known.asked_anew(made)
        self._endpoint.put(known)

    def of(self, name: str) -> Tracked:
        """What is known of a resource."""
        (tracked,) = [each for key, each in self.tracked.items() if key.name == name]
        return tracked

    def remove(self, name: str) -> None:
        """Look after a resource no more."""
        tracked = self.of(name)
        tracked.gone = True
        self._claims.note(tracked.resource.key, None)
        self._endpoint.remove(tracked)

    async def sweep(self, times: int = 1, seconds: float = 1.0) -> None:
        """Sweep so often, so many seconds apart."""
        for _ in range(times):
            await self.sweeping.once()
            self.clock.now += seconds

    def status(self, name: str) -> StreamConsumerStatus:
        """The status that was told last."""
        return self.told.status_of(name)

    def condition(self, name: str, kind: str) -> Condition:
        """A condition as it was told last."""
        return self.told.condition(name, kind)
