"""The resource comes with the chart: the one that the repository holds, upgraded with the release, and kept if wanted."""

from __future__ import annotations

import pytest
import yaml
from tests.support.helm import Chart, Manifest
from tests.support.repository import ROOT

CHART = Chart("sluiceway")
SOURCE = ROOT / "k8s/crds/streamconsumers.yaml"


def resources(*arguments: str) -> list[Manifest]:
    return [each for each in CHART.template(*arguments) if each["kind"] == "CustomResourceDefinition"]


def test_what_is_installed_is_the_source_with_labels() -> None:
    (installed,) = resources("--set", "crds.keep=false")
    del installed["metadata"]["labels"]

    assert installed == yaml.safe_load(SOURCE.read_text())


def test_helm_upgrades_it_since_it_is_a_template() -> None:
    assert not (CHART.folder / "crds").exists()


@pytest.mark.parametrize(("keep", "annotations"), [("true", {"helm.sh/resource-policy": "keep"}), ("false", None)])
def test_it_outlives_the_release_if_it_is_to_be_kept(keep: str, annotations: dict[str, str] | None) -> None:
    (installed,) = resources("--set", f"crds.keep={keep}")

    assert installed["metadata"].get("annotations") == annotations


def test_it_can_be_left_to_somebody_else() -> None:
    assert resources("--set", "crds.install=false") == []
