"""The list of accepted orders that a load generator leaves: ID and the time it was due, a line each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

__all__ = ["read", "write"]


def write(path: Path, accepted: Iterable[tuple[str, float]]) -> None:
    """Write order IDs with the epoch seconds at which each was due."""
    path.write_text("".join(f"{order_id} {due:.6f}\n" for order_id, due in accepted))


def read(path: Path) -> dict[str, float]:
    """Return the epoch seconds at which each order was due, by ID."""
    return {
        order_id: float(due) for order_id, _, due in (line.partition(" ") for line in path.read_text().splitlines())
    }
