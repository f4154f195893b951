"""The operator and the shop in a cluster: consumers follow their backlog, and nothing is lost on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hack.cluster import Cluster
from tests.support.eventually import eventually, eventually_sync
from tests.support.helm import Release
from tests.support.kubernetes import TAG, Kubectl, restricted_namespace
from tests.support.shop_in_cluster import ClusterShop

from shop_demo.client import Client

pytestmark = pytest.mark.timeout(400, func_only=True)

PASSWORD = "for-tests-only"
IMAGE = {"registry": "localhost", "tag": TAG, "pullPolicy": "Never"}
MOST = 3
SHOP: dict[str, Any] = {
    "image": IMAGE,
    "server": {"enabled": True, "password": PASSWORD},
    "orders": {"replicas": 1, "service": {"type": "NodePort"}, "settings": {"LEASE_SECONDS": 3}},
    "payments": {"settings": {"RECORD": "store", "LEASE_SECONDS": 3}},
    "notifications": {"settings": {"SINK": "store", "LEASE_SECONDS": 3}},
    "autoscaling": {
        "enabled": True,
        "payments": {"minReplicas": 0, "maxReplicas": MOST},
        "notifications": {"minReplicas": 0, "maxReplicas": 2},
    },
}
SECONDS = 180
"""For what a cluster of three nodes does on a machine of two cores that does other things too."""


@pytest.fixture(scope="module")
def operator(cluster: Cluster, images: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """The operator in a namespace of its own; afterwards the cluster does not know the resource."""
    assert images
    home = restricted_namespace(cluster, tmp_path_factory.mktemp("operator"))
    release = Release(next(home), "sluiceway", "sluiceway")
    release.install({"image": IMAGE, "crds": {"keep": False}})
    yield release
    release.uninstall(missing_ok=True)
    for _ in home:
        pass


@pytest.fixture(scope="module")
def release(operator: Release, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """The shop, whose consumers the operator scales."""
    operator.kubectl("wait", "--for=condition=Established", "crd/streamconsumers.sluiceway.dev")
    home = restricted_namespace(cluster, tmp_path_factory.mktemp("shop"))
    shop = Release(next(home), "shop", "shop")
    shop.install(SHOP)
    selector = {"app.kubernetes.io/instance": "shop", "app.kubernetes.io/component": "server"}
    spec = {"type": "NodePort", "selector": selector, "ports": [{"port": 6379, "targetPort": "redis"}]}
    shop.kubectl.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "server-outside"}, "spec": spec})
    yield shop
    for _ in home:
        pass


@pytest.fixture
def namespace(release: Release) -> Kubectl:
    return release.kubectl


@pytest_asyncio.fixture
async def shop(namespace: Kubectl, tmp_path: Path) -> AsyncIterator[ClusterShop]:
    host, port = namespace.node_port("server-outside")
    async with Client(host=host, port=port, password=PASSWORD, socket_timeout=5) as client:
        host, port = namespace.node_port("shop-orders")
        yield ClusterShop(f"http://{host}:{port}", client, tmp_path / "nowhere")


def replicas(namespace: Kubectl, name: str = "shop-payments") -> int:
    return int(namespace.get("deployment", name)["spec"]["replicas"])


def condition(namespace: Kubectl, kind: str, name: str = "shop-payments") -> str | None:
    conditions = namespace.get("strc", name).get("status", {}).get("conditions", [])
    return next((each["status"] for each in conditions if each["type"] == kind), None)


async def at(namespace: Kubectl, count: int, name: str = "shop-payments") -> None:
    """Wait for a number of replicas."""
    await eventually(
        lambda: asyncio.to_thread(lambda: replicas(namespace, name) == count),
        within_seconds=SECONDS,
        what=f"{count} replicas of {name}",
    )


async def test_consumers_of_empty_streams_go_to_zero(namespace: Kubectl) -> None:
    await at(namespace, 0)
    await at(namespace, 0, "shop-notifications")

    assert condition(namespace, "Ready") == "True"
    assert condition(namespace, "Active") == "False"


async def test_orders_wake_their_consumers_who_grow_with_them_and_go_again(
    shop: ClusterShop, namespace: Kubectl
) -> None:
    ordering = asyncio.create_task(shop.order(300, per_second=30))
    await at(namespace, MOST)
    account = await shop.account(await ordering)
    await at(namespace, 0)

    assert (account.lost, account.duplicate_effects, account.dead_letters) == (0, 0, 0), account
    assert account.notifications_sent == 300
    told = json.loads(namespace("get", "events", "--field-selector", "reason=Scaled", "--output", "json"))["items"]
    assert any(f"-> {MOST} replicas of Deployment" in each["message"] for each in told)


async def test_an_upgrade_under_load_leaves_the_number_alone(
    shop: ClusterShop, namespace: Kubectl, release: Release
) -> None:
    ordering = asyncio.create_task(shop.order(450, per_second=30))
    await at(namespace, MOST)
    changed = {**SHOP, "payments": {**SHOP["payments"], "podLabels": {"rolled": "out"}}}

    await asyncio.to_thread(release.upgrade, changed)

    account = await shop.account(await ordering)
    assert (account.lost, account.duplicate_effects, account.dead_letters) == (0, 0, 0), account
    told = json.loads(namespace("get", "events", "--field-selector", "reason=ReplicasCorrected", "--output", "json"))
    assert told["items"] == []


async def test_a_killed_operator_is_replaced_before_anybody_notices(
    shop: ClusterShop, namespace: Kubectl, operator: Release
) -> None:
    await at(namespace, 0)
    lease = operator.kubectl.get("lease", "sluiceway")
    leader = lease["spec"]["holderIdentity"]

    await asyncio.to_thread(operator.kubectl.kill_container, leader)
    orders = await shop.order(100, per_second=50)

    account = await shop.account(orders)
    assert (account.lost, account.duplicate_effects, account.dead_letters) == (0, 0, 0), account


async def test_without_the_operator_consumers_stay_as_they_are_and_go_on(
    shop: ClusterShop, namespace: Kubectl, operator: Release
) -> None:
    """The last test of this file: it removes the operator."""
    ordering = asyncio.create_task(shop.order(300, per_second=30))
    await at(namespace, MOST)

    await asyncio.to_thread(operator.uninstall)

    account = await shop.account(await ordering)
    assert (account.lost, account.duplicate_effects) == (0, 0), account
    assert replicas(namespace) >= 1
    words = ("get", "all,leases,configmaps,serviceaccounts", "--selector", "app.kubernetes.io/instance=sluiceway")
    await eventually(
        lambda: asyncio.to_thread(lambda: operator.kubectl(*words, "--output", "name").strip() == ""),
        within_seconds=SECONDS,
        what="the end of the operator",
    )


def test_the_resource_went_with_it(namespace: Kubectl) -> None:
    eventually_sync(
        lambda: "streamconsumers" not in namespace("get", "crd", "--output", "name"), within_seconds=SECONDS
    )
