"""All metrics of the operator."""

import time
from collections.abc import Callable, Collection, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from ..control import Tracked
from .resources import resource_metrics
from .servers import server_metrics
from .swept import Swept

__all__ = ["OperatorCollector"]


class OperatorCollector(Collector):
    """Collects the metrics of one operator.

    Args:
        tracked: Returns the resources that are looked after, as they are now.
        swept: Returns their servers.
        leading: Whether this operator may write.
        now: Seconds since 1970.
        clock: Seconds of the monotonic clock that the sweeps go by.
    """

    def __init__(
        self,
        tracked: Callable[[], Collection[Tracked]],
        swept: Callable[[], Collection[Swept]],
        leading: Callable[[], bool],
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tracked = tracked
        self._swept = swept
        self._leading = leading
        self._now = now
        self._clock = clock

    @override
    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        # in one step each, since what is copied goes on changing in another thread
        tracked, swept = tuple(self._tracked()), tuple(self._swept())
        yield GaugeMetricFamily("sluiceway_operator_leading", "1: it may write, 0: another does.", self._leading())
        yield GaugeMetricFamily("sluiceway_operator_resources", "StreamConsumers looked after.", len(tracked))
        yield from resource_metrics(tracked, self._now())
        yield from server_metrics(swept, self._clock())
