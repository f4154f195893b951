"""Other autoscalers: HorizontalPodAutoscalers, and what makes them, as a ScaledObject does."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from ..ports import Target
from .api import Api, ApiFault, Json

__all__ = ["Autoscalers"]

_EVERY_SECONDS = 30.0
_AGAIN_SECONDS = 5.0
"""When to ask again if nobody answered."""
_ANSWER_SECONDS = 2.0
_FORBIDDEN = frozenset({401, 403})


class Autoscalers:
    """Knows the autoscalers of each namespace, asked for now and then.

    Where they may not be listed nobody is known, and nobody is assumed: that is said once in the log.

    Args:
        api: The API server.
        clock: Seconds that never go back.
    """

    def __init__(self, api: Api, clock: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._clock = clock
        self._namespaces: dict[str, _Namespace] = {}
        self._log = structlog.get_logger()

    async def of(self, target: Target, *, afresh: bool = False) -> str | None:
        """Return the autoscaler of a target, and what made it; None if none is known.

        Args:
            target: The target.
            afresh: Whether to ask now.
        """
        known = self._namespaces.setdefault(target.namespace, _Namespace())
        wanted_since = self._clock()
        async with known.one_at_a_time:
            # who waited here for another's question has its answer
            if known.due <= wanted_since or (afresh and known.asked_at < wanted_since):
                await self._ask(target.namespace, known)
        return next((_named(each) for each in known.found if _is_of(each, target)), None)

    async def _ask(self, namespace: str, known: "_Namespace") -> None:
        known.asked_at = self._clock()
        path = f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers"
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                listing = await self._api.get(path)
        except ApiFault as fault:
            known.due = known.asked_at + (_EVERY_SECONDS if fault.status in _FORBIDDEN else _AGAIN_SECONDS)
            if fault.status in _FORBIDDEN:
                known.found = ()
                self._tell_forbidden(namespace, known, fault)
        except TimeoutError:
            # what was known before stands
            known.due = known.asked_at + _AGAIN_SECONDS
        else:
            known.found, known.forbidden = listing["items"], False
            known.due = known.asked_at + _EVERY_SECONDS

    def _tell_forbidden(self, namespace: str, known: "_Namespace", fault: ApiFault) -> None:
        if not known.forbidden:
            self._log.warning(
                "Other autoscalers cannot be noticed: the operator may not list horizontalpodautoscalers",
                namespace=namespace,
                error=str(fault),
            )
        known.forbidden = True


@dataclass(slots=True)
class _Namespace:
    found: Sequence[Json] = ()
    asked_at: float = float("-inf")
    due: float = float("-inf")
    forbidden: bool = False
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)


def _is_of(autoscaler: Json, target: Target) -> bool:
    ref = autoscaler["spec"]["scaleTargetRef"]
    # the same object goes by several versions of its group
    group, wanted = (version.rpartition("/")[0] for version in (ref.get("apiVersion", ""), target.ref.api_version))
    return (group, ref["kind"], ref["name"]) == (wanted, target.ref.kind, target.ref.name)


def _named(autoscaler: Json) -> str:
    metadata = autoscaler["metadata"]
    owners = [owner for owner in metadata.get("ownerReferences", ()) if owner.get("controller")]
    name = f"HorizontalPodAutoscaler {metadata['name']}"
    return f"{name} of {owners[0]['kind']} {owners[0]['name']}" if owners else name
