"""Loads made by chance, the same ones for the same seed."""

import math
import random
from collections.abc import Callable, Iterator

from .load import Load, Work

__all__ = ["LOADS", "generate"]

_HANDLER_SECONDS = 0.2
_Rate = Callable[[float], float]


def generate(name: str, seed: int) -> Load:
    """Make a load.

    Args:
        name: One of `LOADS`.
        seed: Of chance.

    Raises:
        KeyError: There is no such load.
    """
    _, make = LOADS[name]
    return make(name, random.Random(seed))


def _day(name: str, chance: random.Random) -> Load:
    """A day in half an hour: nothing at night, 40/s at noon."""
    seconds = 1800.0
    return Load.of(
        name, _steady_work(chance, seconds, 40, lambda at: -40 * math.cos(2 * math.pi * at / seconds)), seconds
    )


def _spikes(name: str, chance: random.Random) -> Load:
    seconds = 1200.0
    base = _steady_work(chance, seconds, 2, lambda _: 2)
    spikes = (Work(at, _exponential(chance)) for at in (200.0, 500.0, 800.0) for _ in range(1500))
    return Load.of(name, (*base, *spikes), seconds)


def _ramp(name: str, chance: random.Random) -> Load:
    seconds = 1200.0
    return Load.of(name, _steady_work(chance, seconds, 60, lambda at: 60 * at / seconds), seconds)


def _bursty(name: str, chance: random.Random) -> Load:
    seconds = 1200.0
    return Load.of(name, _steady_work(chance, seconds, 50, lambda at: 50 if at % 60 < 30 else 0), seconds)


def _heavy_tail(name: str, chance: random.Random) -> Load:
    """Handlers whose time has a Pareto tail: most take 0.08 s, one in a thousand some seconds."""
    seconds = 1200.0
    works = (
        Work(work.at, min(0.08 * chance.paretovariate(1.6), 60.0))
        for work in _steady_work(chance, seconds, 20, lambda _: 20)
    )
    return Load.of(name, works, seconds)


def _stuck(name: str, chance: random.Random) -> Load:
    seconds = 1200.0
    return Load.of(name, _steady_work(chance, seconds, 20, lambda _: 20), seconds, stuck=(400.0, 580.0))


def _trickle(name: str, chance: random.Random) -> Load:
    seconds = 1800.0
    return Load.of(name, _steady_work(chance, seconds, 1 / 45, lambda _: 1 / 45), seconds)


LOADS: dict[str, tuple[str, Callable[[str, random.Random], Load]]] = {
    "day": ("a day's curve within 30 minutes, 40/s at noon, nothing at night", _day),
    "spikes": ("2/s, and three times 1,500 entries at once", _spikes),
    "ramp": ("from nothing to 60/s within 20 minutes, then nothing", _ramp),
    "bursty": ("50/s for 30 s, nothing for 30 s, and so on", _bursty),
    "heavy-tail": ("20/s, handlers that mostly take 0.08 s and at times many seconds", _heavy_tail),
    "stuck": ("20/s, and for three minutes no handler gets on", _stuck),
    "trickle": ("an entry every 45 s or so", _trickle),
}
"""What each load is, and what makes it. Handlers take 0.2 s on average, so a replica processes 5 entries a second."""


def _exponential(chance: random.Random) -> float:
    return chance.expovariate(1 / _HANDLER_SECONDS)


def _steady_work(chance: random.Random, seconds: float, most: float, rate: _Rate) -> Iterator[Work]:
    """Arrivals of a Poisson process whose rate changes, by thinning (Lewis and Shedler 1979).

    Args:
        chance: The source of chance.
        seconds: How long.
        most: The highest rate, entries a second.
        rate: The rate at a time; less than 0 is none.
    """
    at = chance.expovariate(most)
    while at < seconds:
        if chance.random() * most <= rate(at):
            yield Work(at, _exponential(chance))
        at += chance.expovariate(most)
