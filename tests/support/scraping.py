"""What Prometheus would read: samples by name and labels."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

__all__ = ["Scrape", "scrape_of"]


class Scrape:
    """One scrape.

    Args:
        text: What the endpoint answered.
    """

    def __init__(self, text: str) -> None:
        self.samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    @property
    def names(self) -> set[str]:
        """Names of the samples, as expressions use them."""
        return {sample.name for sample in self.samples}

    def value(self, name: str, /, **labels: str) -> float | None:
        """The value of the one sample that has at least these labels; None if there is none."""
        found = [
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= dict(sample.labels).items()
        ]
        assert len(found) <= 1, f"{name}{labels}: {len(found)} samples"
        return found[0] if found else None

    def labels(self, name: str) -> list[dict[str, str]]:
        """The labels of all samples of a name."""
        return [dict(sample.labels) for sample in self.samples if sample.name == name]


def scrape_of(*collectors: Collector) -> Scrape:
    """What collectors tell, by way of the text that Prometheus reads."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return Scrape(generate_latest(registry).decode())
