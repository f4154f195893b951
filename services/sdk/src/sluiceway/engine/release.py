"""Hands entries back: at a stop what was not finished, at a start what an earlier life of this name left."""

from __future__ import annotations

from ..connection import Link
from ..keys import RELEASED
from ..scripts import load
from .delivery import READY, Source

__all__ = ["release", "unstarted"]

_MOST_PER_CALL = 500


def unstarted(source: Source) -> list[bytes]:
    """Return the IDs that were delivered to us by a read and whose handler never began."""
    return [
        entry_id
        for entry_id, delivery in source.held.items()
        if delivery.stage is READY and delivery.count >= 1 and delivery.run is None
    ]


async def release(link: Link, source: Source, consumer: str, never_started: list[bytes]) -> tuple[int, int]:
    """Hand back all that a consumer owns and drop its name.

    Args:
        link: A connection.
        source: The stream.
        consumer: The name.
        never_started: IDs whose one counted delivery was no start, and is undone.

    Returns:
        How many entries were handed back, and how many turned out to be trimmed away.
    """
    script = load("release")
    released = trimmed = 0
    while True:
        back, gone, empty = await link.run(
            script, (source.stream,), (source.group, consumer, RELEASED, _MOST_PER_CALL, *never_started)
        )
        released += back
        trimmed += gone
        if empty:
            return released, trimmed
