"""From what the API server says of StreamConsumers to the registry."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import structlog
from pydantic import ValidationError

from ..registry import Registry, Resource, ResourceKey
from ..resource import StreamConsumerSpec, StreamConsumerStatus
from .api import Json

__all__ = ["Feed", "Refused"]


@dataclass(frozen=True, slots=True)
class Refused:
    """A resource that cannot be understood.

    Args:
        key: Its name.
        uid: Its identity.
        generation: Counts the changes of its spec.
        why: What is wrong with which field; without the value, which may be secret.
    """

    key: ResourceKey
    uid: str
    generation: int
    why: str


class Feed:
    """Fills a registry.

    Args:
        registry: Is filled.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._uids: dict[ResourceKey, str] = {}
        self._statuses: dict[ResourceKey, bytes] = {}
        self._log = structlog.get_logger()
        self.seen: set[ResourceKey] = set()
        """Every resource that exists, those that cannot be understood included."""
        self.refused: dict[ResourceKey, Refused] = {}
        """Those that cannot be understood."""

    def take(self, kind: str | None, manifest: Json) -> None:
        """Take an event of a watch.

        Args:
            kind: `ADDED`, `MODIFIED` or `DELETED`; None: it was there when the watch began.
            manifest: The object as it is, or was last.
        """
        metadata = manifest["metadata"]
        key, uid = ResourceKey(metadata["namespace"], metadata["name"]), str(metadata["uid"])
        if kind == "DELETED":
            # another one may have its name by now: events of two objects are told in any order
            if self._uids.get(key) == uid:
                self.forget(key)
            return
        self.seen.add(key)
        self._uids[key] = uid
        self._keep_status(key, manifest.get("status"))
        if metadata.get("deletionTimestamp"):
            # whoever deletes it wants it left alone from now on
            self._leave(key)
            return
        generation = int(metadata.get("generation", 0))
        try:
            spec = StreamConsumerSpec.model_validate(manifest.get("spec"))
        except ValidationError as error:
            # the API server holds objects to the same rules: the resource there is older or newer than this operator
            self._refuse(Refused(key, uid, generation, _wording(error, "spec")))
            return
        self.refused.pop(key, None)
        self._registry.put(Resource(key, uid, generation, spec, _seconds(metadata)))

    def forget(self, key: ResourceKey) -> None:
        """Forget a resource that is gone."""
        self.seen.discard(key)
        self._uids.pop(key, None)
        self._statuses.pop(key, None)
        self._leave(key)

    def status_of(self, key: ResourceKey) -> StreamConsumerStatus | None:
        """Return the status of a resource as it was seen last, less what only a newer operator knows; None: it has none."""
        status = self._statuses.get(key)
        if status is None:
            return None
        try:
            return StreamConsumerStatus.model_validate_json(status, extra="ignore")
        except ValidationError as error:
            # it is told anew as a whole
            errors = _wording(error, "status")
            self._log.warning("Status of another version is not taken up", resource=str(key), errors=errors)
            return None

    def keep_only(self, existing: Collection[ResourceKey], of: Collection[ResourceKey]) -> None:
        """Forget what went without an event: a watch that begins anew tells only what is there.

        Args:
            existing: What was listed.
            of: What was known before the list was asked for; what came since then may be missing in it.
        """
        for key in set(of) - set(existing):
            self._log.info("StreamConsumer is gone; its end was not told", resource=str(key))
            self.forget(key)

    def _keep_status(self, key: ResourceKey, status: Json | None) -> None:
        """Keep a status as text, which is small: it is read only when we begin to lead."""
        if status:
            self._statuses[key] = json.dumps(status, separators=(",", ":")).encode()
        else:
            self._statuses.pop(key, None)

    def _leave(self, key: ResourceKey) -> None:
        self.refused.pop(key, None)
        self._registry.remove(key)

    def _refuse(self, refused: Refused) -> None:
        self._registry.remove(refused.key)
        if self.refused.get(refused.key) != refused:
            self._log.error(
                "StreamConsumer cannot be understood and is left alone: is the CRD that of this version?",
                resource=str(refused.key),
                errors=refused.why,
            )
        self.refused[refused.key] = refused


def _wording(error: ValidationError, part: str) -> str:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join((part, *map(str, each['loc'])))}: {each['msg']}" for each in faults)


def _seconds(metadata: Json) -> float:
    return datetime.fromisoformat(metadata["creationTimestamp"]).timestamp()
