"""Which resources are about the same stream: what one of them says about its length concerns the others."""

from collections.abc import Collection

from .tracked import Tracked

__all__ = ["Neighbours"]

_Place = tuple[str, str]
"""URL of a server and name of a stream: one place, whoever logs in there."""


class Neighbours:
    """Resources by the stream that they are about, with whatever login."""

    def __init__(self) -> None:
        self._at: dict[_Place, dict[int, Tracked]] = {}
        self._places: dict[int, _Place] = {}

    def put(self, url: str, tracked: Tracked) -> None:
        """Note where a resource is now."""
        self.remove(tracked)
        place = self._places[id(tracked)] = url, tracked.resource.spec.stream
        self._at.setdefault(place, {})[id(tracked)] = tracked

    def remove(self, tracked: Tracked) -> None:
        """Forget a resource."""
        place = self._places.pop(id(tracked), None)
        if place is None:
            return
        del self._at[place][id(tracked)]
        if not self._at[place]:
            del self._at[place]

    def of(self, tracked: Tracked) -> Collection[Tracked]:
        """Return all resources on a resource's stream, itself included; it alone if nobody knows where it is."""
        place = self._places.get(id(tracked))
        return (tracked,) if place is None else tuple(self._at[place].values())
