"""What is known of each StreamConsumer, as metrics. What is not known is left out, never 0."""

from collections.abc import Callable, Collection, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..control import Tracked
from ..entry_id import EntryId
from ..observation import Backlog, Observation
from ..resource import StreamConsumerSpec, TrimPolicy

__all__ = ["resource_metrics"]

_PREFIX = "sluiceway_streamconsumer"
_LABELS = ("namespace", "name", "stream", "group")

_ASKED: Mapping[str, tuple[str, Callable[[StreamConsumerSpec], float | None]]] = {
    "replicas_min": ("scaling.minReplicas.", lambda spec: spec.scaling.min_replicas),
    "replicas_max": ("scaling.maxReplicas.", lambda spec: spec.scaling.max_replicas),
    "drain_target_seconds": (
        "The service level: scaling.target.drainSeconds.",
        lambda spec: spec.scaling.target.drain_seconds,
    ),
    "trim_max_length": (
        "trim.maxLength, where trimming goes by length.",
        lambda spec: spec.trim.max_length if spec.trim and spec.trim.policy is TrimPolicy.LENGTH else None,
    ),
}
_BACKLOG: Mapping[str, tuple[str, Callable[[Backlog], float]]] = {
    "lag": ("Entries not yet delivered to the group.", lambda backlog: backlog.lag),
    "pending": ("Entries delivered and not acknowledged.", lambda backlog: backlog.pending),
    "replay": ("Dead letters that were put back and are not done.", lambda backlog: backlog.replay),
    "oldest_age_seconds": ("Age of the oldest unprocessed entry.", lambda backlog: backlog.oldest_age_seconds),
}
_SEEN: Mapping[str, tuple[str, Callable[[Tracked], float | None]]] = {
    "stream_length": ("Entries in the stream.", lambda tracked: tracked.look.length if tracked.look else None),
    "dead_letters": ("Dead letters kept.", lambda tracked: tracked.look.dead_letters if tracked.look else None),
    "consumers": ("Consumers of the group.", lambda tracked: _consumers(tracked, lambda _, __: True)),
    "consumers_silent": (
        "Consumers that hold entries and asked for nothing for consumers.reapAfterSeconds.",
        lambda tracked: _consumers(tracked, lambda pending, silence: bool(pending) and silence),
    ),
    "consumers_unknown": (
        "Consumers that hold entries and never were a pod of the target.",
        lambda tracked: len(tracked.strangers) if tracked.look else None,
    ),
    "replicas": ("Replicas asked of the target.", lambda tracked: _told(tracked, "current")),
    "replicas_desired": ("Replicas that the latest decision wants.", lambda tracked: _told(tracked, "desired")),
    "arrivals_per_second": (
        "Entries added a second, averaged over about the drain time.",
        lambda tracked: tracked.history.arrivals_per_second if tracked.look else None,
    ),
    "capacity_per_second": (
        "Events that one replica processes a second.",
        lambda tracked: tracked.history.capacity.per_second if tracked.history.capacity.observed else None,
    ),
}
_DONE: Mapping[str, tuple[str, Callable[[Tracked], float]]] = {
    "trimmed": ("Entries removed from the stream.", lambda tracked: tracked.totals.removed),
    "lost": ("Entries removed that a group still needed.", lambda tracked: tracked.totals.lost),
    "dead_letters_removed": (
        "Dead letters removed since there were more than deadLetter.maxLength.",
        lambda tracked: tracked.tally.capped,
    ),
    "consumers_reaped": ("Dead consumers whose names were removed.", lambda tracked: tracked.tally.reaped),
    "entries_released": ("Entries of dead consumers given to others.", lambda tracked: tracked.tally.released),
}


def resource_metrics(everything: Collection[Tracked], now: float) -> Iterator[Metric]:
    """Yield the metrics of all resources.

    Args:
        everything: What the controller remembers of each.
        now: Seconds since 1970, for the age of what pins a stream.
    """
    labelled = [(tracked, _labels(tracked)) for tracked in everything]
    for name, (what, asked) in _ASKED.items():
        yield _gauge(name, what, [(labels, asked(tracked.resource.spec)) for tracked, labels in labelled])
    backlogs = [(labels, _backlog(tracked.history.last)) for tracked, labels in labelled]
    for name, (what, part) in _BACKLOG.items():
        yield _gauge(name, what, [(labels, part(backlog)) for labels, backlog in backlogs if backlog is not None])
    for name, (what, seen) in _SEEN.items():
        yield _gauge(name, what, [(labels, seen(tracked)) for tracked, labels in labelled])
    for name, (what, done) in _DONE.items():
        counter = CounterMetricFamily(f"{_PREFIX}_{name}", what, labels=_LABELS)
        for tracked, labels in labelled:
            counter.add_metric(labels, done(tracked))
        yield counter
    yield from _labelled_further(labelled, now)


def _labelled_further(labelled: Collection[tuple[Tracked, tuple[str, ...]]], now: float) -> Iterator[Metric]:
    decisions = CounterMetricFamily(
        f"{_PREFIX}_decisions", "Looks, by the rule that decided.", labels=(*_LABELS, "reason")
    )
    scaled = CounterMetricFamily(
        f"{_PREFIX}_scaled", "Times the target was given other replicas.", labels=(*_LABELS, "direction")
    )
    conditions = GaugeMetricFamily(
        f"{_PREFIX}_condition", "1: the condition is True, 0: it is False.", labels=(*_LABELS, "type", "reason")
    )
    pinned = GaugeMetricFamily(
        f"{_PREFIX}_trim_pinned_seconds",
        "Age of the oldest entry that any group of the stream still needs; 0 if none does.",
        labels=(*_LABELS, "pinned_by"),
    )
    for tracked, labels in labelled:
        for reason, count in tuple(tracked.tally.decisions.items()):
            decisions.add_metric((*labels, reason), count)
        scaled.add_metric((*labels, "up"), tracked.tally.raised)
        scaled.add_metric((*labels, "down"), tracked.tally.reduced)
        for condition in tracked.conditions:
            if condition.status != "Unknown":
                conditions.add_metric((*labels, condition.type, condition.reason), condition.status == "True")
        age = _pinned_seconds(tracked, now)
        if age is not None:
            pinned.add_metric((*labels, tracked.totals.pinned_by if age else ""), age)
    yield from (decisions, scaled, conditions, pinned)


def _labels(tracked: Tracked) -> tuple[str, ...]:
    resource = tracked.resource
    return (resource.key.namespace, resource.key.name, resource.spec.stream, resource.spec.group.name)


def _gauge(name: str, what: str, values: Collection[tuple[tuple[str, ...], float | None]]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(f"{_PREFIX}_{name}", what, labels=_LABELS)
    for labels, value in values:
        if value is not None:
            gauge.add_metric(labels, value)
    return gauge


def _backlog(seen: Observation | None) -> Backlog | None:
    return seen.backlog if seen is not None and isinstance(seen.backlog, Backlog) else None


def _consumers(tracked: Tracked, which: Callable[[int, bool], bool]) -> int | None:
    """Count consumers by what they hold and whether they have been silent for too long."""
    if tracked.look is None or tracked.history.last is None:
        return None
    longest = tracked.resource.spec.consumers.reap_after_seconds
    return sum(which(each.pending, each.idle_seconds >= longest) for each in tracked.history.last.consumers)


def _told(tracked: Tracked, which: str) -> int | None:
    """Return a number of the status as it was told last: replicas are told at once."""
    replicas = tracked.reported.replicas if tracked.reported is not None else None
    number: int | None = getattr(replicas, which) if replicas is not None else None
    return number


def _pinned_seconds(tracked: Tracked, now: float) -> float | None:
    """Return the age of the oldest entry that trimming may not remove; None where nothing is trimmed or known."""
    look, floor = tracked.look, tracked.totals.floor
    if tracked.resource.spec.trim is None or look is None or not floor:
        return None
    # the floor of a group that has everything lies behind the last entry
    needed = max(EntryId.read(floor), look.first or look.last)
    return max(0.0, now - needed.milliseconds / 1000) if look.length and needed <= look.last else 0.0
