"""How the sweeps of each server go, as metrics."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import reduce
from itertools import accumulate
from operator import add
from urllib.parse import urlsplit

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from ..control import Durations, SweepTally
from .swept import Swept

__all__ = ["server_metrics", "without_login"]

_LABELS = ("server",)


def server_metrics(everything: Collection[Swept], now: float) -> Iterator[Metric]:
    """Yield the metrics of all servers; those that differ only in who we are to them count as one.

    Args:
        everything: The servers.
        now: Seconds of the monotonic clock.
    """
    by_url: defaultdict[str, list[Swept]] = defaultdict(list)
    for each in everything:
        by_url[without_login(each.url)].append(each)
    durations = HistogramMetricFamily("sluiceway_redis_sweep_seconds", "Duration of sweeps.", labels=_LABELS)
    errors = CounterMetricFamily("sluiceway_redis_sweep_errors", "Looks that were not answered.", labels=_LABELS)
    up = GaugeMetricFamily("sluiceway_redis_up", "1: the server answered the latest look, 0: not.", labels=_LABELS)
    late = GaugeMetricFamily("sluiceway_redis_sweep_late_seconds", "How late the latest sweep began.", labels=_LABELS)
    age = GaugeMetricFamily("sluiceway_redis_sweep_age_seconds", "Since the latest sweep began.", labels=_LABELS)
    for url, swept in by_url.items():
        labels, tallies = (url,), [each.tally for each in swept]
        total = reduce(add, (tally.durations for tally in tallies))
        durations.add_metric(labels, _buckets(total), total.total)
        errors.add_metric(labels, sum(tally.errors for tally in tallies))
        late.add_metric(labels, max(each.late_seconds for each in swept))
        age.add_metric(labels, max(now - each.began_at for each in swept))
        answers = _known(tallies)
        if answers:
            up.add_metric(labels, all(answers))
    yield from (durations, errors, up, late, age)


def without_login(url: str) -> str:
    """Return a URL without user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _known(tallies: Sequence[SweepTally]) -> list[bool]:
    return [tally.reachable for tally in tallies if tally.reachable is not None]


def _buckets(durations: Durations) -> list[tuple[str, float]]:
    bounds = (*(str(bound) for bound in durations.bounds), "+Inf")
    return list(zip(bounds, accumulate(durations.counts), strict=True))
