"""What the controller needs of the place that it runs in: Kubernetes, or processes on a laptop."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from typing_extensions import override

from .registry import Resource
from .resource import ScaleTargetRef, StreamConsumerStatus

__all__ = [
    "AlwaysLeading",
    "Leadership",
    "NotLeading",
    "Pod",
    "ReportFailed",
    "Reports",
    "SecretForbidden",
    "SecretMissing",
    "SecretUnavailable",
    "Secrets",
    "Target",
    "TargetForbidden",
    "TargetMissing",
    "TargetUnavailable",
    "Workloads",
]


class TargetMissing(Exception):
    """The target does not exist, or cannot be scaled."""


class TargetForbidden(Exception):
    """We may not scale or see the target."""


class TargetUnavailable(Exception):
    """Whoever runs the target does not answer now, or it was changed in between: look again."""


class NotLeading(Exception):
    """Another operator may be writing: we must not."""


class SecretMissing(Exception):
    """There is no such Secret."""


class SecretForbidden(Exception):
    """We may not read the Secret."""


class SecretUnavailable(Exception):
    """Whoever keeps the Secret does not answer now."""


class ReportFailed(Exception):
    """What was to be told was not taken; it is worth telling again."""


@dataclass(frozen=True, slots=True)
class Target:
    """What runs a group's consumers.

    Args:
        namespace: Where it is.
        ref: What it is.
    """

    namespace: str
    ref: ScaleTargetRef

    @override
    def __str__(self) -> str:
        return f"{self.ref.kind} {self.namespace}/{self.ref.name}"


@dataclass(frozen=True, slots=True)
class Pod:
    """One replica.

    Args:
        name: Its name, which is that of its consumer.
        uid: Its identity.
    """

    name: str
    uid: str


class Workloads(Protocol):
    """Runs consumers."""

    async def replicas(self, target: Target) -> int:
        """Return how many replicas are asked of a target.

        Raises:
            TargetMissing: There is no such target.
            TargetForbidden: We may not look.
            TargetUnavailable: Nobody answers.
        """
        ...

    async def scale(self, target: Target, replicas: int) -> None:
        """Ask for so many replicas; raises as `replicas` does."""
        ...

    async def pods(self, target: Target) -> Collection[Pod]:
        """Return the replicas that exist, those that are ending included; raises as `replicas` does."""
        ...

    def heeds(self, target: Target) -> bool:
        """Return whether a target can be told which of its replicas shall go last."""
        ...

    async def rival(self, target: Target, *, afresh: bool = False) -> str | None:
        """Tell who else sets the replicas of a target by itself, as far as that is known.

        Args:
            target: The target.
            afresh: Whether to ask now, and not to believe what was known a while ago.

        Returns:
            Its kind and name, for a person; None: nobody that is known.
        """
        ...

    async def spare(self, target: Target, held: Mapping[str, int]) -> bool:
        """Have those go last that hold most, where a target can be told so.

        Args:
            target: The target.
            held: Entries that each pod holds.

        Returns:
            Whether the target heeds it.
        """
        ...


class Reports(Protocol):
    """Tells the world."""

    async def status(self, resource: Resource, status: StreamConsumerStatus) -> None:
        """Show a resource's status.

        Raises:
            ReportFailed: It was not taken.
        """
        ...

    async def event(self, resource: Resource, reason: str, message: str, *, warning: bool = False) -> None:
        """Say that something happened; nothing is raised if nobody listens."""
        ...


class Leadership(Protocol):
    """Says who may write: of several operators only one."""

    def check(self) -> None:
        """Return if we may write now; asked right before every write.

        Raises:
            NotLeading: We may not.
        """
        ...


class AlwaysLeading(Leadership):
    """There is no other operator."""

    @override
    def check(self) -> None:
        pass


class Secrets(Protocol):
    """Keeps logins and certificates."""

    async def read(self, namespace: str, name: str) -> Mapping[str, bytes]:
        """Return what a Secret holds, by key.

        Raises:
            SecretMissing: There is no such Secret.
            SecretForbidden: We may not read it.
            SecretUnavailable: Nobody answers.
        """
        ...
