"""The operator's chart from its installation to its removal on a real API server, and what StreamConsumers live through.

There are no nodes here: what pods do is another test's matter.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.api_server import ApiServer, Refused, running_api_server
from tests.support.eventually import eventually_sync
from tests.support.helm import CHARTS, Rejected, helm

CHART = CHARTS / "sluiceway"
CRD = "streamconsumers.sluiceway.dev"
SPEC: dict[str, Any] = {
    "redis": {"url": "redis://redis:6379/0"},
    "stream": "orders",
    "group": {"name": "payments"},
    "scaleTargetRef": {"name": "payments"},
}
KINDS = (
    "deployments,services,serviceaccounts,configmaps,secrets,networkpolicies,poddisruptionbudgets,"
    "roles,rolebindings,clusterroles,clusterrolebindings,leases"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server that others know nothing of: the resource comes and goes here."""
    with running_api_server(tmp_path_factory.mktemp("lifecycle")) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Cluster:
    """The chart in a namespace of an API server, and a namespace with StreamConsumers.

    Args:
        server: The API server.
        own: The release's namespace.
        users: The StreamConsumers' namespace.
    """

    server: ApiServer
    own: str
    users: str

    def helm(self, verb: str, *words: str, release: str = "sluiceway") -> str:
        where = ("--kubeconfig", str(self.server.kubeconfig), "--namespace", self.own)
        return helm(verb, release, *words, *where)

    def consumer(self, name: str, **more: Any) -> dict[str, Any]:
        manifest = {
            "apiVersion": "sluiceway.dev/v1alpha1",
            "kind": "StreamConsumer",
            "metadata": {"name": name, "namespace": self.users},
            "spec": {**SPEC, **more},
        }
        stored: dict[str, Any] = eventually_sync(
            lambda: self.server.apply(manifest), within_seconds=30, ignoring=(Refused,)
        )
        return stored

    def stored(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.server("get", "streamconsumer", name, "--namespace", self.users, "--output", "json")
        )
        return found

    def knows_the_resource(self) -> bool:
        try:
            self.server("get", "crd", CRD)
        except Refused:
            return False
        return True

    def left(self) -> list[str]:
        """What there still is of the release."""
        words = ("--selector", "app.kubernetes.io/instance=sluiceway", "--all-namespaces", "--output", "name")
        return self.server("get", KINDS, *words).split()


@pytest.fixture
def cluster(server: ApiServer) -> Iterator[Cluster]:
    mark = secrets.token_hex(4)
    for name in (f"own-{mark}", f"users-{mark}"):
        server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    mine = Cluster(server, f"own-{mark}", f"users-{mark}")
    yield mine
    mine.helm("uninstall", "--ignore-not-found")
    server("delete", "crd", CRD, "--ignore-not-found")


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The chart of a later version, whose resource has one field more."""
    folder = tmp_path / "sluiceway"
    shutil.copytree(CHART, folder)
    file = folder / "files/streamconsumers.yaml"
    crd = yaml.safe_load(file.read_text())
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["later"] = {
        "type": "string",
        "maxLength": 63,
        "description": "later is a field of a later version.",
    }
    file.write_text(yaml.safe_dump(crd))
    return folder


def test_an_upgrade_brings_a_new_field_and_keeps_what_was_there(cluster: Cluster, newer: Path) -> None:
    cluster.helm("install", str(CHART))
    before = cluster.consumer("payments")
    with pytest.raises(Refused, match="later"):
        cluster.server.apply(
            {**before, "metadata": {"name": "no", "namespace": cluster.users}, "spec": {**SPEC, "later": "x"}}
        )

    cluster.helm("upgrade", str(newer))

    after = cluster.stored("payments")
    assert (after["metadata"]["uid"], after["spec"]) == (before["metadata"]["uid"], before["spec"])
    assert cluster.consumer("another", later="x")["spec"]["later"] == "x"


def test_going_back_keeps_them_too(cluster: Cluster, newer: Path) -> None:
    cluster.helm("install", str(CHART))
    cluster.helm("upgrade", str(newer))
    before = cluster.consumer("payments", later="x")

    cluster.helm("rollback")

    after = cluster.stored("payments")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert {**after["spec"], "later": "x"} == before["spec"]


def test_a_removal_leaves_the_resource_and_its_objects_and_nothing_else(cluster: Cluster) -> None:
    cluster.helm("install", str(CHART))
    before = cluster.consumer("payments")

    cluster.helm("uninstall")

    assert cluster.stored("payments")["metadata"]["uid"] == before["metadata"]["uid"]
    eventually_sync(lambda: cluster.left() == [], within_seconds=30)


def test_the_same_release_takes_up_what_was_left_and_another_one_has_to_say_so(cluster: Cluster) -> None:
    cluster.helm("install", str(CHART))
    before = cluster.consumer("payments")
    cluster.helm("uninstall")

    cluster.helm("install", str(CHART))
    cluster.helm("uninstall")
    with pytest.raises(Rejected, match="invalid ownership metadata"):
        cluster.helm("install", str(CHART), release="another")
    cluster.helm("install", str(CHART), "--take-ownership", release="another")
    cluster.helm("uninstall", release="another")

    assert cluster.stored("payments")["metadata"]["uid"] == before["metadata"]["uid"]


def test_a_removal_takes_the_resource_along_if_that_is_wanted(cluster: Cluster) -> None:
    cluster.helm("install", str(CHART), "--set", "crds.keep=false")
    cluster.consumer("payments")

    cluster.helm("uninstall")

    eventually_sync(lambda: not cluster.knows_the_resource(), within_seconds=30)
    eventually_sync(lambda: cluster.left() == [], within_seconds=30)


def test_two_releases_in_two_namespaces_stand_beside_each_other(cluster: Cluster) -> None:
    cluster.helm("install", str(CHART), "--set", f"watchNamespaces={{{cluster.own}}}")
    beside = Cluster(cluster.server, cluster.users, cluster.users)

    beside.helm("install", str(CHART), "--set", f"crds.install=false,watchNamespaces={{{cluster.users}}}")

    beside.helm("uninstall")
    cluster.helm("uninstall")
    eventually_sync(lambda: cluster.left() == [], within_seconds=30)
