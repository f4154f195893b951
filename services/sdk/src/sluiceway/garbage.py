"""How often the cyclic garbage collector looks at what a consumer holds."""

from __future__ import annotations

import gc

__all__ = ["THRESHOLDS", "collect_rarely"]

THRESHOLDS = (50_000, 20, 50)
"""See `gc.set_threshold`; CPython's own are 700, 10 and 10."""


def collect_rarely() -> None:
    """Let the cyclic garbage collector of this process run less often, and leave out what is there by now.

    A consumer makes a dozen objects an event, all of which reference counting frees; with CPython's thresholds looking
    through them for cycles took a fifth of the processor time of consuming (`make bench` tells what it takes now). What is
    loaded at the start (modules, classes, schemas) lives as long as the process, so it need not be looked through at all.
    Cycles are still collected. For whoever owns the process: `run` calls it, a `Service` by itself does not.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
