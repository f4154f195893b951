"""Which resources want to decide on the replicas of which target, and whose word counts."""

from collections import defaultdict

from ..registry import Resource, ResourceKey
from ..resource import Mode

__all__ = ["Claims"]

_Named = tuple[str, str, str, str]


class Claims:
    """Of several resources with one target the oldest decides, the others look on.

    Whoever adds a second one by mistake does not take a service from the first, and every operator that knows the same
    resources comes to the same answer. A resource that is not `Automatic` claims nothing.
    """

    def __init__(self) -> None:
        self._claims: dict[_Named, dict[ResourceKey, Resource]] = defaultdict(dict)
        self._named: dict[ResourceKey, _Named] = {}

    def note(self, key: ResourceKey, resource: Resource | None) -> None:
        """Take what a resource asks for now; None: it is gone."""
        before = self._named.pop(key, None)
        if before is not None:
            del self._claims[before][key]
            if not self._claims[before]:
                del self._claims[before]
        if resource is not None and resource.spec.scaling.mode is Mode.AUTOMATIC:
            self._named[key] = named = _named(resource)
            self._claims[named][key] = resource

    def ahead_of(self, resource: Resource) -> Resource | None:
        """Return the resource that decides in place of this one; None: this one does."""
        claims = self._claims.get(_named(resource))
        if claims is None or len(claims) == 1:
            return None
        oldest = min(claims.values(), key=lambda each: (each.created, each.key))
        return None if oldest.key == resource.key else oldest


def _named(resource: Resource) -> _Named:
    ref = resource.spec.scale_target_ref
    # the same object goes by several versions of its group
    return resource.key.namespace, ref.api_version.rpartition("/")[0], ref.kind, ref.name
