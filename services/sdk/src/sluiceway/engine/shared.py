"""What every room of one consumer has in common."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..options import ConsumerOptions
from .health import Health
from .holdings import Holdings
from .stats import Stats

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

__all__ = ["Shared"]


@dataclass(frozen=True, slots=True)
class Shared:
    """One consumer's identity, settings and books.

    Args:
        consumer: Its name in the group.
        options: Sizes and policies.
        holdings: The entries it owns.
        health: Its contact with the server.
        stats: What it counts.
        log: Logger bound to stream, group and consumer.
        clock: Seconds by which retries are waited for; tests step them.
    """

    consumer: str
    options: ConsumerOptions
    holdings: Holdings
    health: Health
    stats: Stats
    log: FilteringBoundLogger
    clock: Callable[[], float] = time.monotonic
