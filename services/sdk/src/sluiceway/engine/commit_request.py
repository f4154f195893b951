"""What the script `commit.lua` is told of a batch."""

from __future__ import annotations

from collections.abc import Sequence

from ..connection import Argument
from ..scripts.shapes import Shapes
from .delivery import Delivery, Source

__all__ = ["commit_request"]


def commit_request(
    source: Source, consumer: str, window_milliseconds: int, batch: Sequence[Delivery], *, forbidden: bool = False
) -> tuple[list[str], list[Argument]]:
    """Return the keys and the arguments of a commit.

    Args:
        source: The stream of the batch.
        consumer: Our name in the group.
        window_milliseconds: For how long event IDs are remembered; 0 for not at all.
        batch: Deliveries whose outcome is known.
        forbidden: Their outputs go to a stream that we may not touch: the script must not be told its key.
    """
    keys = [source.stream, source.state, source.retry, *source.keys.markers]
    places: dict[str, int] = {}
    shapes = Shapes()
    notes: list[int] = []
    items: list[Argument] = []
    for index, delivery in enumerate(batch, 1):
        if delivery.count != 1 or delivery.recorded:
            notes += (index, delivery.count, int(delivery.recorded))
        plan = b""
        written: list[bytes | str] = []
        for stream, (names, values) in delivery.outputs if not forbidden else ():
            place = places.get(stream)
            if place is None:
                keys.append(stream)
                place = places[stream] = len(keys)
            shape = shapes.number(names, place)
            plan = b"%d" % shape if not plan else b"%b %d" % (plan, shape)
            written += values
        items += (delivery.entry_id, b"!" if forbidden else plan, *written)
    # What is ignored was not processed, so its event ID is not remembered.
    markers = [b"" if delivery.counts_as == "ignored" else delivery.marker for delivery in batch]
    return keys, [
        source.group,
        consumer,
        window_milliseconds,
        int(source.is_replay),
        len(batch),
        len(shapes),
        len(notes) // 3,
        *shapes.arguments,
        *notes,
        *(markers if window_milliseconds else ()),
        *items,
    ]
