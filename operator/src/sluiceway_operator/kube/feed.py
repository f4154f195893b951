"""From what the API server says of StreamConsumers to the registry."""

from collections.abc import Collection

import structlog
from pydantic import ValidationError

from ..registry import Registry, Resource, ResourceKey
from ..resource import StreamConsumerSpec
from .api import Json

__all__ = ["Feed"]


class Feed:
    """Fills a registry.

    Args:
        registry: Is filled.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._told_of: dict[ResourceKey, int] = {}
        self._log = structlog.get_logger()
        self.seen: set[ResourceKey] = set()
        """Every resource that exists, those that cannot be understood included."""

    def take(self, kind: str | None, manifest: Json) -> None:
        """Take an event of a watch.

        Args:
            kind: `ADDED`, `MODIFIED` or `DELETED`; None: it was there when the watch began.
            manifest: The object as it is, or was last.
        """
        metadata = manifest["metadata"]
        key = ResourceKey(metadata["namespace"], metadata["name"])
        if kind == "DELETED":
            self.forget(key)
            return
        self.seen.add(key)
        if metadata.get("deletionTimestamp"):
            # whoever deletes it wants it left alone from now on
            self._registry.remove(key)
            return
        generation = int(metadata.get("generation", 0))
        try:
            spec = StreamConsumerSpec.model_validate(manifest.get("spec"))
        except ValidationError as error:
            # the API server holds objects to the same rules: the resource there is older or newer than this operator
            self._registry.remove(key)
            if self._told_of.get(key) != generation:
                self._log.error(
                    "StreamConsumer cannot be understood and is left alone: is the CRD that of this version?",
                    resource=str(key),
                    errors=[f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()],
                )
            self._told_of[key] = generation
            return
        self._registry.put(Resource(key, metadata["uid"], generation, spec))

    def forget(self, key: ResourceKey) -> None:
        """Forget a resource that is gone."""
        self.seen.discard(key)
        self._told_of.pop(key, None)
        self._registry.remove(key)

    def keep_only(self, existing: Collection[ResourceKey], of: Collection[ResourceKey]) -> None:
        """Forget what went without an event: a watch that begins anew tells only what is there.

        Args:
            existing: What was listed.
            of: What was known before the list was asked for; what came since then may be missing in it.
        """
        for key in set(of) - set(existing):
            self._log.info("StreamConsumer is gone; its end was not told", resource=str(key))
            self.forget(key)
