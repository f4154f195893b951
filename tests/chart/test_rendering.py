"""The charts render to objects that a cluster takes, in every way they are meant to be used."""

from __future__ import annotations

import os
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml
from tests.support.custom_resources import complaints, is_custom
from tests.support.helm import CHARTS, Chart, Rejected

CASES = [
    pytest.param(chart, scenario, id=f"{chart.name}-{scenario.name.removesuffix('-values.yaml')}")
    for chart in (Chart(folder.parent.name) for folder in sorted(CHARTS.glob("*/Chart.yaml")))
    for scenario in chart.scenarios
]
KUBERNETES = ["1.30", "1.37"]
"""The oldest release that the charts support, and the newest whose schemas are at hand."""
LONGEST_NAME = 63
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(("chart", "scenario"), CASES)
def test_helm_has_nothing_to_say_against_it(chart: Chart, scenario: Path) -> None:
    assert "0 chart(s) failed" in chart.lint(scenario)


@pytest.mark.parametrize(("chart", "scenario"), CASES)
@pytest.mark.parametrize("release", KUBERNETES)
def test_every_object_fits_the_schema_of_its_kind(chart: Chart, scenario: Path, release: str) -> None:
    manifests = chart.template("--kube-version", release, values=[scenario])

    assert manifests
    for manifest in manifests:
        # of the Prometheus Operator, whose schemas are not Kubernetes'; test_alerts.py and the golden files hold them
        if manifest["apiVersion"].startswith("monitoring.coreos.com/"):
            continue
        if is_custom(manifest):
            assert complaints(manifest) == []
        else:
            kubernetes_validate.validate(manifest, release, strict=True)


@pytest.mark.parametrize(("chart", "scenario"), CASES)
def test_the_helm_before_renders_the_same(chart: Chart, scenario: Path) -> None:
    # one that was not built by its makers takes every cluster for an old one
    cluster = ("--kube-version", KUBERNETES[-1])

    before = chart.template(*cluster, values=[scenario], tool="helm3")

    assert before == chart.template(*cluster, values=[scenario])


@pytest.mark.parametrize(("chart", "scenario"), CASES)
def test_it_renders_as_it_did(chart: Chart, scenario: Path) -> None:
    """A change of what is installed is seen in review. UPDATE_GOLDEN=1 writes the files anew."""
    golden = GOLDEN / f"{chart.name}-{scenario.name.removesuffix('-values.yaml')}.yaml"
    # the resource is held to its source by a test of its own
    objects = [each for each in chart.template(values=[scenario]) if each["kind"] != "CustomResourceDefinition"]
    rendered = yaml.safe_dump_all(objects, sort_keys=True)
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(rendered)

    assert list(yaml.safe_load_all(rendered)) == list(yaml.safe_load_all(golden.read_text()))


@pytest.mark.parametrize(("chart", "scenario"), CASES)
@pytest.mark.parametrize("release", ["a" * 53, "shop", "x"])
def test_names_are_unique_and_short_enough_whatever_the_release_is_called(
    chart: Chart, scenario: Path, release: str
) -> None:
    manifests = chart.template("--set", f"fullnameOverride={'n' * LONGEST_NAME}", values=[scenario], release=release)
    manifests_plain = chart.template(values=[scenario], release=release)

    for objects in (manifests, manifests_plain):
        names = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects]
        assert len(set(names)) == len(names)
        # what has no namespace here (roles, the resource) makes no pods and is no host name
        short = [name for _, namespace, name in names if namespace is not None]
        assert [name for name in short if len(name) > LONGEST_NAME - len("-0123456789")] == []
        labels = [value for each in objects for value in each["metadata"]["labels"].values()]
        assert [label for label in labels if len(label) > LONGEST_NAME] == []


@pytest.mark.parametrize(("chart", "scenario"), CASES)
def test_an_older_cluster_is_refused(chart: Chart, scenario: Path) -> None:
    with pytest.raises(Rejected, match="incompatible with Kubernetes"):
        chart.template("--kube-version", "1.29.14", values=[scenario])
