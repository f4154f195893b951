"""Contenders in turn, round after round, so that a machine that slows down slows all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.bench.contender import Contender
from tests.bench.measurement import Measurement

from sluiceway.embedded import EmbeddedServer, ServerBinary

__all__ = ["fresh_server", "measure"]


def fresh_server(binary: ServerBinary) -> EmbeddedServer:
    """Return a server that holds nothing and does not rewrite its append-only file in the middle of a measurement."""
    return EmbeddedServer(binary=binary, extra=("auto-aof-rewrite-percentage 0",))


def measure(
    contenders: Sequence[Contender],
    binary: ServerBinary,
    *,
    runs: int,
    scale: float,
    told: Callable[[str, Measurement], None],
) -> dict[str, list[Measurement]]:
    """Run every contender once a round, each time on a server of its own that holds nothing.

    Args:
        contenders: Whom to measure.
        binary: The server program.
        runs: Rounds.
        scale: Share of the usual amount of work.
        told: Called with each measurement as it comes.

    Returns:
        All measurements by the contender's name.
    """
    measured: dict[str, list[Measurement]] = {contender.name: [] for contender in contenders}
    for _ in range(runs):
        for contender in contenders:
            with fresh_server(binary) as server:
                measurement = contender.run(server, scale)
            measured[contender.name].append(measurement)
            told(contender.name, measurement)
    return measured
