"""What the control loop tells, without Kubernetes: log lines, and the latest of each resource in memory."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from typing_extensions import override

from ..control import ConditionType
from ..explain import Note
from ..ports import Reports
from ..registry import Resource
from ..resource import StreamConsumerStatus

__all__ = ["Told", "ToldReports"]

_NOTES_KEPT = 50


@dataclass(slots=True)
class Told:
    """The latest of one resource.

    Args:
        uid: Which one.
        status: Its status; None: nothing was told yet.
        notes: What happened last, the latest last.
    """

    uid: str
    status: StreamConsumerStatus | None = None
    notes: deque[Note] = field(default_factory=lambda: deque(maxlen=_NOTES_KEPT))


class ToldReports(Reports):
    """Logs what happens and what flips, and remembers the latest.

    Args:
        now: The time.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._told: dict[str, Told] = {}
        self._log = structlog.get_logger()

    @override
    async def status(self, resource: Resource, status: StreamConsumerStatus) -> None:
        told = self._of(resource)
        before, after = _readiness(told.status), _readiness(status)
        if before != after:
            state, reason, message = after
            log = self._log.info if state == "True" else self._log.warning
            what = "Resource is as it was asked for" if state == "True" else "Resource is not as it was asked for"
            log(what, resource=str(resource.key), reason=reason, message=message)
        told.status = status

    @override
    async def event(self, resource: Resource, reason: str, message: str, *, warning: bool = False) -> None:
        log = self._log.warning if warning else self._log.info
        log(reason, resource=str(resource.key), message=message)
        self._of(resource).notes.append(Note(self._now(), reason, message, warning))

    def of(self, resource: Resource) -> Told:
        """Return the latest of a resource; of one that was made anew under its name, nothing of the former is told."""
        return self._of(resource)

    def _of(self, resource: Resource) -> Told:
        key = str(resource.key)
        if key not in self._told or self._told[key].uid != resource.uid:
            self._told[key] = Told(resource.uid)
        return self._told[key]


def _readiness(status: StreamConsumerStatus | None) -> tuple[str, str, str]:
    for condition in (status.conditions if status is not None else None) or ():
        if condition.type == ConditionType.READY:
            return condition.status, condition.reason, condition.message
    return "", "", ""
