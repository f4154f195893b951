"""What the operator's pages tell to type is what the chart takes, and the same everywhere."""

from __future__ import annotations

import shlex

import pytest
from tests.support.helm import Chart
from tests.support.repository import ROOT

CHART = Chart("sluiceway")
PAGES = [ROOT / f"docs/operations/{name}.md" for name in ("install", "upgrade", "uninstall", "security")]
FLAGS = {"--wait", "--create-namespace", "--reuse-values"}
COMMANDS = [
    shlex.split(line)
    for page in PAGES
    for line in page.read_text().splitlines()
    if line.startswith(("helm install", "helm upgrade"))
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_gives_values_that_the_chart_takes(command: list[str]) -> None:
    (_, _, release, folder, namespace_flag, namespace, *given) = command

    assert (folder, namespace_flag) == ("charts/sluiceway", "--namespace")
    assert CHART.template(*(word for word in given if word not in FLAGS), release=release, namespace=namespace)


def test_there_are_commands_to_check() -> None:
    assert len(COMMANDS) == 5


def test_the_roles_have_the_name_that_the_guide_looks_at() -> None:
    manifests = CHART.template(release="sluiceway", namespace="sluiceway")

    (role,) = [each for each in manifests if each["kind"] == "ClusterRole" and "pods" in str(each["rules"])]
    assert f"kubectl describe clusterrole {role['metadata']['name']}" in PAGES[0].read_text()


def test_the_notes_of_an_installation_ask_for_targets_at_zero_as_the_guide_does() -> None:
    (asking,) = [line for line in PAGES[2].read_text().splitlines() if line.startswith("kubectl get streamconsumers")]

    assert asking in (CHART.folder / "templates/NOTES.txt").read_text()
