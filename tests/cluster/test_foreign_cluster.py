"""A cluster that is not ours is never touched, whatever the user's kubectl is set to."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hack.cluster import Cache, Cluster, ClusterError, find
from hack.cluster.go_tools import TOOLS, build
from hack.cluster.official import OfficialNodes
from tests.support.kubernetes import Kubectl


class Foreign:
    """The API server of somebody else's cluster: it counts who comes.

    Args:
        listening: Where it listens.
    """

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening

    @property
    def kubeconfig(self) -> dict[str, Any]:
        """A kubeconfig that leads there."""
        host, port = self._listening.getsockname()
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "production",
            "clusters": [{"name": "production", "cluster": {"server": f"http://{host}:{port}"}}],
            "contexts": [{"name": "production", "context": {"cluster": "production", "user": ""}}],
        }

    def was_reached(self) -> bool:
        """Whether anybody has connected."""
        try:
            connection, _ = self._listening.accept()
        except BlockingIOError:
            return False
        connection.close()
        return True


@pytest.fixture(scope="module")
def kubectl() -> Path:
    return build(Cache.find(), TOOLS["kubectl"]) / "kubectl"


@pytest.fixture
def foreign(tmp_path: Path, kubectl: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Foreign]:
    """Somebody else's cluster, which `KUBECONFIG` and the user's own file lead to."""
    assert kubectl.exists()  # built before the home changes, and with it the cache
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        foreign = Foreign(listening)
        file = tmp_path / "home" / ".kube" / "config"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(foreign.kubeconfig))
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.setenv("KUBECONFIG", str(file))
        yield foreign


@pytest.fixture
def cache(tmp_path: Path, kubectl: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    """A cache that knows of a cluster `ours`, which does not answer."""
    monkeypatch.setattr("hack.cluster.cluster.build", lambda *_: kubectl.parent)
    cache = Cache(tmp_path / "cache")
    state = {"nodes": "official", "engine": "docker", "config": "", "complete": True}
    (cache.folder("clusters/ours") / "state.json").write_text(json.dumps(state))
    return cache


def test_without_a_kubeconfig_of_our_own_the_users_is_not_used(foreign: Foreign, cache: Cache) -> None:
    assert find(cache, "ours") is None

    assert not foreign.was_reached()


def test_another_context_in_our_own_kubeconfig_is_not_used(foreign: Foreign, cache: Cache) -> None:
    (cache.root / "clusters" / "ours" / "kubeconfig").write_text(json.dumps(foreign.kubeconfig))

    assert find(cache, "ours") is None

    assert not foreign.was_reached()


def test_the_tests_refuse_a_kubeconfig_without_the_context_of_their_cluster(
    foreign: Foreign, kubectl: Path, tmp_path: Path
) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps(foreign.kubeconfig))
    cluster = Cluster("ours", file, kubectl, OfficialNodes("docker"), reused=True)

    with pytest.raises(ClusterError, match='context "kind-ours" does not exist'):
        Kubectl(cluster, "default", tmp_path)("delete", "namespace", "default")

    assert not foreign.was_reached()


def test_the_foreign_cluster_would_notice_who_comes(foreign: Foreign, kubectl: Path, tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps({**foreign.kubeconfig, "contexts": [_named("kind-ours", foreign)]}))
    cluster = Cluster("ours", file, kubectl, OfficialNodes("docker"), reused=True)

    with pytest.raises(ClusterError):
        Kubectl(cluster, "default", tmp_path)("get", "--raw", "/readyz", "--request-timeout=1s")

    assert foreign.was_reached()


def _named(name: str, foreign: Foreign) -> dict[str, Any]:
    context: dict[str, Any] = foreign.kubeconfig["contexts"][0]
    return {**context, "name": name}
