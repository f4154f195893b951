"""Which consumers are dead. Only a name that was seen as a pod of the target, and whose pod is gone, is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ..observation import ConsumerSeen

__all__ = ["PodLedger", "Verdict", "judge_consumers", "note_pods", "note_strangers"]

_FORGOTTEN_SECONDS = 86_400.0
"""How long the name of a pod that is gone is remembered: longer than any consumer is left alone."""
_STRANGE_SECONDS = 60.0
"""How long a stranger that holds nothing any more is told of: one that works holds entries at some looks only."""


@dataclass(frozen=True, slots=True)
class PodLedger:
    """Every pod of the target that was ever seen.

    Args:
        gone_since: By name: since when there is no pod of that name, in seconds; None while there is one.
    """

    gone_since: Mapping[str, float | None] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to become of a group's consumers.

    Args:
        dead: Names whose entries shall go to others, and that shall be removed.
        strangers: Names that hold entries and never were a pod of the target: never touched.
    """

    dead: tuple[str, ...]
    strangers: tuple[str, ...]


def note_pods(ledger: PodLedger, pods: Collection[str], now: float) -> PodLedger:
    """Note which pods there are.

    Args:
        ledger: What is known.
        pods: Names of all pods of the target, those that are ending included.
        now: Seconds of a clock that never goes back.
    """
    known: dict[str, float | None] = {}
    for name, gone in ledger.gone_since.items():
        if name in pods:
            known[name] = None
        elif gone is None:
            known[name] = now
        elif now - gone < _FORGOTTEN_SECONDS:
            known[name] = gone
    known |= dict.fromkeys(pods)
    return replace(ledger, gone_since=MappingProxyType(known))


def judge_consumers(
    ledger: PodLedger, consumers: Collection[ConsumerSeen], after_seconds: float, now: float, reserved: str
) -> Verdict:
    """Tell the dead from the living and from those that nobody knows.

    Args:
        ledger: What is known of pods, just noted.
        consumers: The group's consumers.
        after_seconds: How long a consumer without a pod is left alone.
        now: Seconds of the ledger's clock.
        reserved: The consumer that holds entries until a living one takes them.
    """
    dead, strangers = [], []
    for consumer in consumers:
        if consumer.name == reserved:
            continue
        if consumer.name not in ledger.gone_since:
            if consumer.pending:
                strangers.append(consumer.name)
            continue
        gone = ledger.gone_since[consumer.name]
        # one that has just asked for something lives, whatever the list of pods says
        if gone is not None and now - gone >= after_seconds and consumer.idle_seconds >= after_seconds:
            dead.append(consumer.name)
    return Verdict(tuple(dead), tuple(strangers))


def note_strangers(before: Mapping[str, float], strangers: Collection[str], now: float) -> Mapping[str, float]:
    """Return the strangers to tell of, in the order of their names, and when each held entries last.

    Args:
        before: What was returned at the look before.
        strangers: Those that hold entries now.
        now: Seconds of a clock that never goes back.
    """
    recent = {name: at for name, at in before.items() if now - at < _STRANGE_SECONDS}
    return MappingProxyType(dict(sorted((recent | dict.fromkeys(strangers, now)).items())))
