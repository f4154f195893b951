"""The resource has one source, of which the operator's chart has a copy, since a chart cannot look outside of its folder."""

from tests.support.repository import ROOT


def test_the_chart_ships_the_bytes_of_the_one_source() -> None:
    """`cp k8s/crds/streamconsumers.yaml charts/sluiceway/files/` after a change."""
    source = ROOT / "k8s/crds/streamconsumers.yaml"

    assert (ROOT / "charts/sluiceway/files/streamconsumers.yaml").read_bytes() == source.read_bytes()
