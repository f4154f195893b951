"""Targets on Kubernetes: whatever has the scale subresource."""

from collections.abc import Collection, Mapping

from typing_extensions import override

from ..ports import AlwaysLeading, Leadership, Pod, Target, TargetForbidden, TargetMissing, TargetUnavailable, Workloads
from .api import Api, ApiFault, Json, group_path
from .autoscalers import Autoscalers

__all__ = ["KubernetesWorkloads"]

_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_HEEDING = frozenset({("apps/v1", "Deployment"), ("apps/v1", "ReplicaSet")})
"""Kinds whose pods are chosen by deletion cost: ReplicaSets do, and what is made of them (KEP-2255)."""
_MOST_COST = 2**31 - 1
_NOT_FOUND, _METHOD, _CONFLICT = 404, 405, 409
_FORBIDDEN = frozenset({401, 403})


class KubernetesWorkloads(Workloads):
    """Reads and writes `/scale`, and marks pods.

    Args:
        api: The API server.
        leadership: Is asked right before every write; None: there is no other operator.
    """

    def __init__(self, api: Api, leadership: Leadership | None = None) -> None:
        self._api = api
        self._leadership = leadership or AlwaysLeading()
        self._autoscalers = Autoscalers(api)

    @override
    async def replicas(self, target: Target) -> int:
        scale = await self._scale(target)
        return int(scale["spec"].get("replicas", 0))

    @override
    async def scale(self, target: Target, replicas: int) -> None:
        scale = await self._scale(target)
        if scale["spec"].get("replicas", 0) == replicas:
            return
        # with the version that was read: if somebody else wrote in between, this is refused and decided anew
        scale["spec"]["replicas"] = replicas
        path = await self._path(target)
        self._leadership.check()
        try:
            await self._api.put(path, scale)
        except ApiFault as fault:
            raise _as_target(fault, target) from fault

    @override
    async def pods(self, target: Target) -> Collection[Pod]:
        return [Pod(pod["metadata"]["name"], pod["metadata"]["uid"]) for pod in await self._pods(target)]

    @override
    def heeds(self, target: Target) -> bool:
        return (target.ref.api_version, target.ref.kind) in _HEEDING

    @override
    async def rival(self, target: Target, *, afresh: bool = False) -> str | None:
        return await self._autoscalers.of(target, afresh=afresh)

    @override
    async def spare(self, target: Target, held: Mapping[str, int]) -> bool:
        if not self.heeds(target):
            return False
        for pod in await self._pods(target):
            name = pod["metadata"]["name"]
            cost = str(min(held.get(name, 0), _MOST_COST))
            marked = pod["metadata"].get("annotations", {}).get(_DELETION_COST, "0")
            if marked == cost:
                continue
            self._leadership.check()
            try:
                annotations = {"metadata": {"annotations": {_DELETION_COST: cost}}}
                await self._api.merge(f"/api/v1/namespaces/{target.namespace}/pods/{name}", annotations)
            except ApiFault as fault:
                # one that is gone meanwhile needs no mark
                if fault.status != _NOT_FOUND:
                    raise _as_target(fault, target) from fault
        return True

    async def _pods(self, target: Target) -> list[Json]:
        scale = await self._scale(target)
        selector = scale.get("status", {}).get("selector")
        if not selector:
            return []
        try:
            listing = await self._api.list_metadata(
                f"/api/v1/namespaces/{target.namespace}/pods", {"labelSelector": selector}
            )
        except ApiFault as fault:
            raise _as_target(fault, target) from fault
        pods: list[Json] = listing["items"]
        return pods

    async def _scale(self, target: Target) -> Json:
        try:
            return await self._api.get(await self._path(target))
        except ApiFault as fault:
            raise _as_target(fault, target) from fault

    async def _path(self, target: Target) -> str:
        ref = target.ref
        plural = await self._api.plural(ref.api_version, ref.kind)
        return f"{group_path(ref.api_version)}/namespaces/{target.namespace}/{plural}/{ref.name}/scale"


def _as_target(fault: ApiFault, target: Target) -> Exception:
    if fault.status in {_NOT_FOUND, _METHOD}:
        return TargetMissing(f"{target} does not exist, or cannot be scaled: {fault}")
    if fault.status in _FORBIDDEN:
        return TargetForbidden(f"the operator may not do this with {target}: {fault}")
    if fault.status == _CONFLICT:
        return TargetUnavailable(f"{target} was changed by somebody else meanwhile: {fault}")
    return TargetUnavailable(f"{target}: {fault}")
