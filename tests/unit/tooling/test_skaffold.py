"""skaffold.yaml, which is not run here: what it names exists, and what it leaves out is nothing that matters."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hack.cluster.images import IMAGES
from tests.support.repository import ROOT

SKAFFOLD: dict[str, Any] = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
ARTIFACTS: list[dict[str, Any]] = SKAFFOLD["build"]["artifacts"]
RELEASES: list[dict[str, Any]] = SKAFFOLD["deploy"]["helm"]["releases"]
(DEV,) = [profile for profile in SKAFFOLD["profiles"] if profile["name"] == "dev"]
PATCHES: dict[str, Any] = {patch["path"]: patch["value"] for patch in DEV["patches"]}


def test_its_version_is_the_one_that_it_is_written_for() -> None:
    assert (SKAFFOLD["apiVersion"], SKAFFOLD["kind"]) == ("skaffold/v4beta14", "Config")


def test_it_builds_the_images_that_make_images_builds_in_the_same_way() -> None:
    built = {
        (each["image"], each["docker"]["dockerfile"], each["docker"].get("buildArgs", {}).get("SERVICE"))
        for each in ARTIFACTS
    }

    assert built == {
        (image.name, image.dockerfile, next((a.partition("=")[2] for a in image.arguments), None)) for image in IMAGES
    }
    assert all((ROOT / each["context"] / each["docker"]["dockerfile"]).exists() for each in ARTIFACTS)


def test_every_image_reaches_the_chart() -> None:
    given = " ".join(value for release in RELEASES for value in release["setValueTemplates"].values())

    for artifact in ARTIFACTS:
        variable = re.sub(r"[^a-zA-Z0-9]", "_", artifact["image"])
        assert f"{{{{.IMAGE_REPO_{variable}}}}}" in given
        assert f"{{{{.IMAGE_TAG_{variable}}}}}" in given
    assert all((ROOT / release["chartPath"] / "Chart.yaml").exists() for release in RELEASES)


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release["name"])
def test_its_values_are_values_of_the_chart(release: dict[str, Any]) -> None:
    defaults: dict[str, Any] = yaml.safe_load((ROOT / release["chartPath"] / "values.yaml").read_text())

    for path in (*release["setValueTemplates"], *release["setValues"]):
        values: Any = defaults
        for name in path.split("."):
            assert name in values, path
            values = values[name]


def test_the_development_profile_syncs_every_source_of_each_service_to_where_it_runs_from() -> None:
    script = (ROOT / "services/run-again.sh").read_text()
    for number, artifact in enumerate(ARTIFACTS[:3]):
        service = artifact["docker"]["buildArgs"]["SERVICE"]
        rules = PATCHES[f"/build/artifacts/{number}/sync"]["manual"]
        synced = {path for rule in rules for path in ROOT.glob(rule["src"])}

        assert PATCHES[f"/build/artifacts/{number}/docker/target"] == "dev"
        for member in ("sdk", "shop-events", service):
            assert set((ROOT / f"services/{member}/src").rglob("*.py")) <= synced
        assert {rule["dest"] for rule in rules} == {"/dev/shm/source"}
        assert all(rule["src"].startswith(rule["strip"]) for rule in rules)
    assert "PYTHONPATH=/dev/shm/source" in script
    assert " AS dev\n" in (ROOT / "services/Dockerfile").read_text()


def test_the_image_that_is_shipped_is_not_the_one_for_development() -> None:
    stages = re.findall(r"^FROM .*$", (ROOT / "services/Dockerfile").read_text(), re.MULTILINE)

    assert stages[-1] == "FROM runtime"


def test_it_verifies_with_an_image_that_it_builds() -> None:
    names = {each["image"] for each in ARTIFACTS}

    assert {each["container"]["image"] for each in SKAFFOLD["verify"]} <= names
    for each in SKAFFOLD["verify"]:
        compile(each["container"]["args"][0], "skaffold.yaml", "exec")
