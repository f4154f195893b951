"""The pinned versions of Kubernetes and its tools agree with each other."""

import re

import pytest
import yaml
from hack.cluster import TOOLS
from hack.cluster.cluster import configurations
from hack.cluster.go_tools import GoTool, version_of
from hack.cluster.images import IMAGES
from hack.cluster.official import NODE_IMAGE
from tests.support.repository import ROOT

MODULES = ROOT / "hack" / "tools"


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_a_tool_is_built_from_packages_that_its_module_declares(tool: GoTool) -> None:
    declared = (MODULES / tool.module / "go.mod").read_text()

    assert all(
        re.search(rf"^(tool )?\s*{re.escape(package)}$", declared, re.MULTILINE) for package in tool.programs.values()
    )
    assert re.fullmatch(r"v\d+\.\d+\.\d+", version_of(tool))


def test_every_module_is_built_by_a_tool_and_has_its_hashes() -> None:
    assert {tool.module for tool in TOOLS.values()} == {path.name for path in MODULES.iterdir()}
    assert all((MODULES / tool.module / "go.sum").is_file() for tool in TOOLS.values())


def test_the_node_image_that_is_pulled_has_the_kubernetes_of_the_one_that_is_built() -> None:
    name, digest = NODE_IMAGE.split("@")

    assert name == f"docker.io/kindest/node:{version_of(TOOLS['kubernetes'])}"
    assert re.fullmatch("sha256:[0-9a-f]{64}", digest)


def test_every_part_of_kubernetes_has_the_version_of_the_whole() -> None:
    replaced = re.findall(r"^\t\S+ => (\S+) (\S+)$", (MODULES / "kubernetes" / "go.mod").read_text(), re.MULTILINE)

    assert {version for _, version in replaced} == {version_of(TOOLS["kubernetes"]).replace("v1.", "v0.", 1)}


def test_both_kinds_of_cluster_differ_in_their_nodes_alone() -> None:
    assert configurations() == ["one-node", "two-workers"]
    one, two = (yaml.safe_load((ROOT / "k8s" / "kind" / f"{name}.yaml").read_text()) for name in configurations())

    assert [node["role"] for node in one.pop("nodes")] == ["control-plane"]
    assert [node["role"] for node in two.pop("nodes")] == ["control-plane", "worker", "worker"]
    assert one == two


def test_all_images_stand_on_one_base_image_pinned_by_its_digest() -> None:
    dockerfiles = {image.dockerfile for image in IMAGES}

    named = {
        found
        for dockerfile in dockerfiles
        for found in re.findall(r"^ARG PYTHON_IMAGE=(\S+)", (ROOT / dockerfile).read_text(), re.MULTILINE)
    }

    [base] = named
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)
