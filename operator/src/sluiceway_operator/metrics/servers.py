"""How the sweeps of each server go, as metrics."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import reduce
from itertools import accumulate
from operator import add

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from ..connection import split_login
from ..control import Durations, SweepTally
from ..observe import NodeFacts
from .swept import Swept

__all__ = ["server_metrics"]

_LABELS = ("server",)


def server_metrics(everything: Collection[Swept], now: float) -> Iterator[Metric]:
    """Yield the metrics of all servers; those that differ only in who we are to them count as one.

    Args:
        everything: The servers.
        now: Seconds of the monotonic clock.
    """
    by_url: defaultdict[str, list[Swept]] = defaultdict(list)
    for each in everything:
        by_url[split_login(each.url)[0]].append(each)
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
    yield from _facts(
        {(url, node): facts for url, swept in by_url.items() for one in swept for node, facts in one.facts.items()}
    )


def _facts(nodes: Mapping[tuple[str, str], NodeFacts]) -> Iterator[Metric]:
    labels = ("server", "node")
    calls = CounterMetricFamily("sluiceway_redis_command_calls", "Times a command ran.", labels=(*labels, "command"))
    seconds = CounterMetricFamily("sluiceway_redis_command_seconds", "Time it took.", labels=(*labels, "command"))
    used = GaugeMetricFamily("sluiceway_redis_memory_used_bytes", "Memory in use.", labels=labels)
    most = GaugeMetricFamily("sluiceway_redis_memory_max_bytes", "maxmemory; left out if it is 0.", labels=labels)
    policy = GaugeMetricFamily("sluiceway_redis_eviction_policy", "Always 1.", labels=(*labels, "policy"))
    for node, facts in nodes.items():
        for name, command in facts.commands.items():
            calls.add_metric((*node, name), command.calls)
            seconds.add_metric((*node, name), command.seconds)
        used.add_metric(node, facts.used_bytes)
        if facts.max_bytes:
            most.add_metric(node, facts.max_bytes)
        policy.add_metric((*node, facts.eviction_policy), 1)
    yield from (calls, seconds, used, most, policy)


def _known(tallies: Sequence[SweepTally]) -> list[bool]:
    return [tally.reachable for tally in tallies if tally.reachable is not None]


def _buckets(durations: Durations) -> list[tuple[str, float]]:
    bounds = (*(str(bound) for bound in durations.bounds), "+Inf")
    return list(zip(bounds, accumulate(durations.counts), strict=True))
