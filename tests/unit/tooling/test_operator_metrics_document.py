"""The list of the operator's metrics is complete, and lists nothing that does not exist."""

import re

from prometheus_client.core import Metric
from tests.support.repository import ROOT

from sluiceway_operator.control import SweepTally
from sluiceway_operator.metrics import OperatorCollector, Swept

DOCUMENT = (ROOT / "docs/operations/metrics.md").read_text()


def sample_name(metric: Metric) -> str:
    return f"{metric.name}_total" if metric.type == "counter" else metric.name


def test_every_metric_is_explained_and_none_that_does_not_exist() -> None:
    collector = OperatorCollector(list, lambda: [Swept("redis://redis", SweepTally(), 0.0, 0.0)], lambda: True)
    metrics = {sample_name(metric) for metric in collector.collect()}

    explained = re.findall(r"^\| `(sluiceway_\w+)` \|", DOCUMENT, re.MULTILINE)

    assert sorted(explained) == sorted(metrics)


def test_every_metric_says_what_it_is() -> None:
    collector = OperatorCollector(list, list, lambda: True)

    assert [metric.name for metric in collector.collect() if not metric.documentation.endswith(".")] == []
