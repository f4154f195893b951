"""A cluster for tests, with the project's images in it, and kubectl."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hack.cluster import Cache, Cluster, ClusterError, bring_down, bring_up, find
from hack.cluster.builder import builder_for
from hack.cluster.commands import run
from hack.cluster.images import IMAGES, build_images, load_images

__all__ = ["TAG", "Kubectl", "cluster", "images", "namespace", "restricted_namespace"]

TAG = "e2e"
"""The tag of the images that tests build."""


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl in one namespace of a cluster.

    Args:
        cluster: The cluster.
        namespace: The namespace.
        folder: Where manifests are written.
    """

    cluster: Cluster
    namespace: str
    folder: Path

    def __call__(self, *words: str, seconds: float = 120) -> str:
        """Run it and return what it says."""
        config = ("--kubeconfig", self.cluster.kubeconfig, "--context", self.cluster.context)
        return run([self.cluster.kubectl, *config, "--namespace", self.namespace, *words], seconds=seconds)

    def apply(self, *objects: dict[str, Any]) -> None:
        """Create or change objects."""
        file = self.folder / f"{secrets.token_hex(4)}.json"
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        self("apply", "--filename", str(file))

    def get(self, kind: str, name: str) -> Any:
        """Return an object."""
        return json.loads(self("get", kind, name, "--output", "json"))

    def list(self, kind: str, selector: str = "") -> list[Any]:
        """Return the objects of a kind, those with certain labels if `selector` says so."""
        items: list[Any] = json.loads(self("get", kind, "--selector", selector, "--output", "json"))["items"]
        return items

    def describe(self) -> Iterator[tuple[str, str]]:
        """Tell what is in the namespace, what happened there, and what its pods said last: for whoever reads a failure."""
        commands = {
            "objects": ("get", "all,persistentvolumeclaims,resourcequotas", "--output", "wide"),
            "events": ("get", "events", "--sort-by=.lastTimestamp"),
            "deployments": ("get", "deployments,statefulsets", "--output", "yaml"),
            "logs": (
                *("logs", "--selector", "app.kubernetes.io/name=shop", "--all-containers", "--prefix"),
                *("--tail=40", "--ignore-errors", "--max-log-requests=50"),
            ),
        }
        for title, words in commands.items():
            try:
                yield title, self(*words, seconds=30)
            except ClusterError as error:
                yield title, f"cannot be told: {error}"

    def node_port(self, service: str) -> tuple[str, int]:
        """Return host and port at which a Service of type NodePort is reached from outside."""
        port = int(self.get("service", service)["spec"]["ports"][0]["nodePort"])
        nodes = json.loads(self("get", "nodes", "--output", "json"))["items"]
        addresses = {each["type"]: each["address"] for each in nodes[0]["status"]["addresses"]}
        return addresses["InternalIP"], port

    def kill_container(self, pod: str) -> None:
        """Send SIGKILL to the first process of a pod's container, from its node."""
        node = self.get("pod", pod)["spec"]["nodeName"]
        container = self._on(node, "crictl", "ps", "--quiet", "--label", f"io.kubernetes.pod.name={pod}").split()[0]
        template = ("--output", "go-template", "--template", "{{.info.pid}}")
        process = self._on(node, "crictl", "inspect", *template, container).strip()
        self._on(node, "kill", "-KILL", process)

    def _on(self, node: str, *words: str) -> str:
        home = self.cluster.home
        return run(home.command(home.state["engine"], "exec", node, *words), env=home.environment)

    def http(self, pod: str, path: str) -> str:
        """Return what a pod answers to a GET request on port 8080; the API server passes it on."""
        return self("get", "--raw", f"/api/v1/namespaces/{self.namespace}/pods/{pod}:8080/proxy{path}")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The cluster named by `CLUSTER` (default `e2e`): the running one, else one of three nodes for the time of the tests."""
    cache, name = Cache.find(), os.environ.get("CLUSTER", "e2e")
    running = find(cache, name)
    if running is not None:
        yield running
        return
    yield bring_up(cache, name, "two-workers")
    bring_down(cache, name)


@pytest.fixture(scope="session")
def images(cluster: Cluster) -> dict[str, str]:
    """The images of the working tree, loaded into the cluster, by the short name (`orders`)."""
    cache = Cache.find()
    builder = builder_for(cache)
    built = build_images(cache, builder, TAG)
    load_images(cache, builder, cluster, [image.name for image in built])
    return {image.name.rpartition("/")[2]: image.tagged(TAG) for image in IMAGES}


def restricted_namespace(cluster: Cluster, folder: Path) -> Iterator[Kubectl]:
    """Yield kubectl in a new namespace that lets only restricted pods in; it is removed afterwards.

    Args:
        cluster: Where.
        folder: Where manifests are written.
    """
    kubectl = Kubectl(cluster, f"test-{secrets.token_hex(4)}", folder)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": kubectl.namespace, "labels": labels}})
    yield kubectl
    # not waited for: it takes as long as its slowest pod, and nobody looks at it again
    kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


@pytest.fixture
def namespace(cluster: Cluster, tmp_path: Path) -> Iterator[Kubectl]:
    """kubectl in a namespace of the test's own that lets only restricted pods in."""
    yield from restricted_namespace(cluster, tmp_path)
