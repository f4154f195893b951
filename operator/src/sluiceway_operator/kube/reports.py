"""What is told of a StreamConsumer: its status, and Kubernetes Events."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog
from typing_extensions import override

from ..control import ConditionType, Fact, conditions
from ..ports import Leadership, ReportFailed, Reports
from ..registry import Resource, ResourceKey
from ..resource import StreamConsumerStatus
from .api import Api, ApiFault, Json
from .feed import Refused

__all__ = ["KubernetesReports"]

_API_VERSION, _KIND = "sluiceway.dev/v1alpha1", "StreamConsumer"
_LONGEST_NOTE = 1024
_NOT_FOUND = 404
_Write = Callable[[str, Json], Awaitable[Json]]


class KubernetesReports(Reports):
    """Writes statuses and Events.

    Args:
        api: The API server.
        leadership: Is asked right before every write.
        identity: Which operator this is.
    """

    def __init__(self, api: Api, leadership: Leadership, identity: str) -> None:
        self._api = api
        self._leadership = leadership
        self._identity = identity
        self._failing = False
        self._log = structlog.get_logger()

    @override
    async def status(self, resource: Resource, status: StreamConsumerStatus) -> None:
        await self._status(resource.key, status)

    async def refused(self, refused: Refused, before: StreamConsumerStatus | None) -> None:
        """Show that a resource is left alone since it cannot be understood.

        Args:
            refused: Which one, and why.
            before: Its status until now; None if it has none.

        Raises:
            ReportFailed: It was not taken.
            NotLeading: Another operator tells.
        """
        why = f"left alone, is the CRD that of this operator's version? {refused.why}"
        facts = {ConditionType.READY: Fact("False", "NotUnderstood", why)}
        until_now = (before.conditions if before is not None else None) or ()
        stands = conditions(until_now, facts, refused.generation, datetime.now(UTC))
        status = StreamConsumerStatus(observed_generation=refused.generation, conditions=stands)
        await self._status(refused.key, status)

    @override
    async def event(self, resource: Resource, reason: str, message: str, *, warning: bool = False) -> None:
        key = resource.key
        level = self._log.warning if warning else self._log.info
        level(message, resource=str(key), reason=reason)
        event = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            # a name as client-go gives: the API server's own would not take a dot before what it adds
            "metadata": {"name": f"{key.name[:200]}.{secrets.token_hex(8)}", "namespace": key.namespace},
            "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "type": "Warning" if warning else "Normal",
            "reason": reason,
            "action": reason,
            # the API server counts bytes
            "note": message.encode()[:_LONGEST_NOTE].decode(errors="ignore"),
            "reportingController": "sluiceway.dev/operator",
            "reportingInstance": self._identity[:128],
            "regarding": {
                "apiVersion": _API_VERSION,
                "kind": _KIND,
                "name": key.name,
                "namespace": key.namespace,
                "uid": resource.uid,
            },
        }
        try:
            await self._write(self._api.post, f"/apis/events.k8s.io/v1/namespaces/{key.namespace}/events", event, key)
        except ReportFailed:
            # what happened is in the log; an Event that cannot be kept must not undo what was done
            return

    async def _status(self, key: ResourceKey, status: StreamConsumerStatus) -> None:
        path = f"/apis/{_API_VERSION}/namespaces/{key.namespace}/streamconsumers/{key.name}/status"
        # what is None is removed: a merge patch says null
        await self._write(self._api.merge, path, {"status": status.model_dump(mode="json", by_alias=True)}, key)

    async def _write(self, write: _Write, path: str, body: Json, key: ResourceKey) -> None:
        self._leadership.check()
        try:
            await write(path, body)
        except ApiFault as fault:
            if fault.status == _NOT_FOUND:
                # it was deleted meanwhile
                return
            if not self._failing:
                self._log.warning("Reports fail; they are tried again", resource=str(key), error=str(fault))
            self._failing = True
            raise ReportFailed(str(fault)) from fault
        else:
            self._failing = False
