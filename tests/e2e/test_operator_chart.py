"""The operator's chart in a cluster, before its first pod runs and after its last: nothing hangs, nothing is left."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hack.cluster import Cluster
from tests.support.eventually import eventually_sync
from tests.support.helm import Release
from tests.support.kubernetes import Kubectl, restricted_namespace

CRD = "streamconsumers.sluiceway.dev"
NO_PODS: dict[str, Any] = {"replicas": 0}


@pytest.fixture
def release(namespace: Kubectl) -> Iterator[Release]:
    """The chart in a namespace that lets only restricted pods in; afterwards the cluster does not know the resource."""
    installed = Release(namespace, "sluiceway", "sluiceway")
    installed.install(NO_PODS)
    yield installed
    installed.uninstall(missing_ok=True)
    namespace("delete", "crd", CRD, "--ignore-not-found", "--timeout=60s")


@pytest.fixture
def users(cluster: Cluster, tmp_path: Path) -> Iterator[Kubectl]:
    """A namespace for StreamConsumers."""
    yield from restricted_namespace(cluster, tmp_path)


def consumer(name: str, **group: str) -> dict[str, Any]:
    return {
        "apiVersion": "sluiceway.dev/v1alpha1",
        "kind": "StreamConsumer",
        "metadata": {"name": name},
        "spec": {
            # nobody is there
            "redis": {"url": f"redis://nobody-{secrets.token_hex(4)}.invalid:6379/0"},
            "stream": "orders",
            "group": {"name": name, **group},
            "scaleTargetRef": {"name": name},
        },
    }


@pytest.mark.usefixtures("release")
def test_its_pods_are_let_into_a_restricted_namespace(namespace: Kubectl) -> None:
    template = namespace.get("deployment", "sluiceway")["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", **template, "metadata": {**template["metadata"], "name": "probe"}}

    namespace.apply(pod)

    namespace("delete", "pod", "probe", "--wait=false")


@pytest.mark.usefixtures("release")
def test_a_namespace_with_consumers_goes_though_no_operator_and_no_redis_is_there(users: Kubectl) -> None:
    users.apply(consumer("payments"), consumer("notifications", onDelete="Delete"))

    users("delete", "namespace", users.namespace, "--timeout=60s")

    # the fixture removes it again
    users.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": users.namespace}})


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "not-kept"])
def test_a_removal_leaves_the_resource_if_it_is_to_be_kept_and_nothing_else(
    namespace: Kubectl, users: Kubectl, release: Release, *, keep: bool
) -> None:
    release.upgrade({**NO_PODS, "crds": {"keep": keep}})
    users.apply(consumer("payments"))

    release.uninstall()

    kinds = "all,roles,rolebindings,serviceaccounts,networkpolicies,poddisruptionbudgets,leases,clusterroles,clusterrolebindings"
    words = ("get", kinds, "--selector", "app.kubernetes.io/instance=sluiceway", "--output", "name")
    eventually_sync(lambda: namespace(*words).strip() == "", within_seconds=60)
    known = ("get", "crd", CRD, "--ignore-not-found", "--output", "name")
    eventually_sync(lambda: (namespace(*known).strip() != "") is keep, within_seconds=60)
