"""The resources that are looked after, as they were last asked for. Events fill it; sweeps read it."""

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
    """

    key: ResourceKey
    uid: str
    generation: int
    spec: StreamConsumerSpec


class Registry:
    """Holds the latest of each resource."""

    def __init__(self) -> None:
        self._resources: dict[ResourceKey, Resource] = {}

    def put(self, resource: Resource) -> None:
        """Take a resource as it is now; an older state of the same one is ignored."""
        known = self._resources.get(resource.key)
        if known is not None and known.uid == resource.uid and known.generation > resource.generation:
            return
        self._resources[resource.key] = resource

    def remove(self, key: ResourceKey) -> None:
        """Forget a resource."""
        self._resources.pop(key, None)

    def get(self, key: ResourceKey) -> Resource | None:
        """Return a resource, or None."""
        return self._resources.get(key)

    def __iter__(self) -> Iterator[Resource]:
        return iter(tuple(self._resources.values()))

    def __len__(self) -> int:
        return len(self._resources)
