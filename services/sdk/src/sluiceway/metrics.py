"""A service's numbers as Prometheus metrics, made from the engine's plain counters when somebody scrapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from .backlog import Backlog
from .engine import Consumer
from .engine.stats import Histogram, Stats

__all__ = ["ServiceCollector"]

_LABELS = ("stream", "group")
_COUNTERS: dict[str, tuple[str, Callable[[Stats], float]]] = {
    "received": ("Entries read or taken over.", lambda stats: stats.received),
    "handled": ("Events handled and settled.", lambda stats: stats.settled["handled"]),
    "failed": ("Attempts that failed.", lambda stats: stats.failed),
    "retried": ("Failed attempts that are tried again.", lambda stats: stats.retried),
    "dead_lettered": ("Entries moved to the dead letters.", lambda stats: stats.settled["dead_lettered"]),
    "duplicates_skipped": ("Entries whose event ID was settled before.", lambda stats: stats.settled["duplicate"]),
    "ignored": ("Entries of a type that no handler takes.", lambda stats: stats.settled["ignored"]),
    "gone": ("Entries that another consumer settled first.", lambda stats: stats.gone),
    "lost_to_trimming": ("Pending entries whose body was removed.", lambda stats: stats.lost_to_trimming),
    "taken_over": ("Entries taken over from other consumers.", lambda stats: stats.taken_over),
    "leases_lost": ("Entries that another consumer took over.", lambda stats: stats.leases_lost),
    "released": ("Entries handed back.", lambda stats: stats.released),
    "groups_repaired": ("Times a lost group was made anew.", lambda stats: stats.repaired),
    "trimmed": ("Settled entries removed by Trim.", lambda stats: stats.trimmed),
    "commit_errors": ("Settlements that the server refused.", lambda stats: stats.commit_errors),
}
_HISTOGRAMS: dict[str, tuple[str, Callable[[Stats], Histogram]]] = {
    "handler_seconds": ("Duration of handler runs.", lambda stats: stats.handler_seconds),
    "commit_seconds": ("Duration of commits.", lambda stats: stats.commit_seconds),
    "end_to_end_seconds": ("From the entry's ID to its commit.", lambda stats: stats.end_to_end_seconds),
}


class ServiceCollector(Collector):
    """Collects one service's metrics.

    Args:
        consumers: The running consumers.
        backlogs: What the server says of each stream; without an entry for a stream, its lag and pending are left
            out rather than reported as zero.
    """

    def __init__(self, consumers: Iterable[Consumer], backlogs: Mapping[str, Backlog]) -> None:
        self._consumers = tuple(consumers)
        self._backlogs = backlogs

    @override
    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        for name, (what, value) in _COUNTERS.items():
            counter = CounterMetricFamily(f"sluiceway_{name}", what, labels=_LABELS)
            for consumer in self._consumers:
                counter.add_metric((consumer.keys.stream, consumer.keys.group), value(consumer.stats))
            yield counter
        for name, (what, histogram_of) in _HISTOGRAMS.items():
            family = HistogramMetricFamily(f"sluiceway_{name}", what, labels=_LABELS)
            for consumer in self._consumers:
                histogram = histogram_of(consumer.stats)
                family.add_metric((consumer.keys.stream, consumer.keys.group), _buckets(histogram), histogram.total)
            yield family
        yield from self._observed()

    def _observed(self) -> Iterator[Metric]:
        in_flight = GaugeMetricFamily("sluiceway_in_flight", "Entries in hand with their bodies.", labels=_LABELS)
        waiting = GaugeMetricFamily("sluiceway_waiting", "Entries waiting for a retry or a start.", labels=_LABELS)
        lag = GaugeMetricFamily("sluiceway_lag", "Entries not yet delivered to the group.", labels=_LABELS)
        pending = GaugeMetricFamily("sluiceway_pending", "Entries delivered and not acknowledged.", labels=_LABELS)
        dead = GaugeMetricFamily("sluiceway_dead_letters", "Dead letters kept.", labels=_LABELS)
        lost = CounterMetricFamily(
            "sluiceway_lost_to_max_length",
            "Entries that publishers with unsafe_max_length deleted before the group had settled them.",
            labels=_LABELS,
        )
        for consumer in self._consumers:
            labels = (consumer.keys.stream, consumer.keys.group)
            in_flight.add_metric(labels, consumer.holdings.held)
            waiting.add_metric(labels, consumer.holdings.waiting)
            backlog = self._backlogs.get(consumer.keys.stream)
            if backlog is not None:
                if backlog.lag is not None:
                    lag.add_metric(labels, backlog.lag)
                pending.add_metric(labels, backlog.pending)
                dead.add_metric(labels, backlog.dead_letters)
                lost.add_metric(labels, backlog.lost_to_length)
        yield from (in_flight, waiting, lag, pending, dead, lost)


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    bounds = (*(str(bound) for bound in histogram.bounds), "+Inf")
    return list(zip(bounds, accumulate(histogram.counts), strict=True))
