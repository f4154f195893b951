"""The resources that are looked after, as they were last asked for. Events fill it; sweeps read it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from typing_extensions import override

from .resource import StreamConsumerSpec

__all__ = ["Registry", "Resource", "ResourceKey"]


@dataclass(frozen=True, slots=True, order=True)
class ResourceKey:
    """Names one resource."""

    namespace: str
    name: str

    @override
    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource.

    Args:
        key: Its name.
        uid: Its identity: a resource that was deleted and made anew under its name has another.
        generation: Counts the changes of its spec.
        spec: What was asked for.
        created: When it was made, in seconds since 1970; of two with one target the older decides.
    """

    key: ResourceKey
    uid: str
    generation: int
    spec: StreamConsumerSpec
    created: float = 0.0


class Registry:
    """Holds the latest of each resource, and which of them changed."""

    def __init__(self) -> None:
        self._resources: dict[ResourceKey, Resource] = {}
        self._changed: set[ResourceKey] = set()
        self._something_changed = asyncio.Event()

    def put(self, resource: Resource) -> None:
        """Take a resource as it is now; an older state of the same one is ignored."""
        known = self._resources.get(resource.key)
        if known is not None and known.uid == resource.uid and known.generation > resource.generation:
            return
        if known != resource:
            self._resources[resource.key] = resource
            self._note(resource.key)

    def remove(self, key: ResourceKey) -> None:
        """Forget a resource."""
        if self._resources.pop(key, None) is not None:
            self._note(key)

    async def changes(self) -> frozenset[ResourceKey]:
        """Wait for changes and return what came, changed or went since the last call. For one listener."""
        await self._something_changed.wait()
        changed = frozenset(self._changed)
        self._changed.clear()
        self._something_changed.clear()
        return changed

    def get(self, key: ResourceKey) -> Resource | None:
        """Return a resource, or None."""
        return self._resources.get(key)

    def _note(self, key: ResourceKey) -> None:
        self._changed.add(key)
        self._something_changed.set()

    def __iter__(self) -> Iterator[Resource]:
        return iter(tuple(self._resources.values()))

    def __len__(self) -> int:
        return len(self._resources)
