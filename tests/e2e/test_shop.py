"""The shop in a cluster of two workers, disturbed while orders come in: nothing is lost and nothing happens twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
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
ORDERS, PER_SECOND = 150, 30.0
VALUES: dict[str, Any] = {
    "image": {"registry": "localhost", "tag": TAG, "pullPolicy": "Never"},
    "server": {"enabled": True, "password": PASSWORD},
    "orders": {"replicas": 2, "service": {"type": "NodePort"}, "settings": {"LEASE_SECONDS": 3}},
    "payments": {"replicas": 2, "settings": {"RECORD": "store", "LEASE_SECONDS": 3}},
    "notifications": {"replicas": 2, "settings": {"SINK": "store", "LEASE_SECONDS": 3}},
}


@pytest.fixture(scope="module")
def namespace(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """One namespace for all tests of this file, which order one after the other in one shop."""
    yield from restricted_namespace(cluster, tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def release(namespace: Kubectl, images: dict[str, str]) -> Release:
    """The installed shop, and the server within reach of the tests."""
    assert images
    shop = Release(namespace, "shop", "shop")
    shop.install(VALUES)
    selector = {"app.kubernetes.io/instance": "shop", "app.kubernetes.io/component": "server"}
    ports = [{"port": 6379, "targetPort": "redis"}]
    spec = {"type": "NodePort", "selector": selector, "ports": ports}
    namespace.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "server-outside"}, "spec": spec})
    return shop


@pytest.fixture(scope="module")
def installed(release: Release) -> Kubectl:
    """The namespace, with the shop in it."""
    return release.kubectl


@pytest_asyncio.fixture
async def shop(installed: Kubectl, tmp_path: Path) -> AsyncIterator[ClusterShop]:
    """A customer and a witness; the witness reads from the beginning, so every test accounts for all orders so far."""
    host, port = installed.node_port("server-outside")
    async with Client(host=host, port=port, password=PASSWORD, socket_timeout=5) as client:
        host, port = installed.node_port("shop-orders")
        yield ClusterShop(f"http://{host}:{port}", client, tmp_path / "nowhere")


async def ordered_during(shop: ClusterShop, disturbance: Callable[[], Awaitable[object]]) -> None:
    """Order under way, disturb, and see that every order is settled exactly once."""
    ordering = asyncio.create_task(shop.order(ORDERS, per_second=PER_SECOND))
    await eventually(lambda: shop.ledger.accepted > ORDERS // 5, within_seconds=60)
    await disturbance()
    account = await shop.account(await ordering)

    assert (account.lost, account.duplicate_effects, account.dead_letters) == (0, 0, 0), account


async def in_thread(kubectl: Kubectl, *words: str) -> str:
    return await asyncio.to_thread(kubectl, *words)


def pod_of(namespace: Kubectl, component: str) -> str:
    """A running pod of a service."""
    selector = f"app.kubernetes.io/component={component}"
    words = ("get", "pods", "--selector", selector, "--field-selector", "status.phase=Running")
    return namespace(*words, "--output", "jsonpath={.items[0].metadata.name}")


def labels(namespace: Kubectl) -> dict[str, str]:
    found: dict[str, str] = namespace.get("deployment", "shop-payments")["spec"]["template"]["metadata"]["labels"]
    return found


def ready(namespace: Kubectl, component: str) -> int:
    status = namespace.get("deployment", f"shop-{component}")["status"]
    return int(status.get("readyReplicas", 0))


# --- an installation --------------------------------------------------------------------------------------------------


def test_a_normal_installation_warns_of_nothing(installed: Kubectl) -> None:
    events = json.loads(installed("get", "events", "--output", "json"))["items"]

    warnings = [f"{each['involvedObject']['name']}: {each['message']}" for each in events if each["type"] == "Warning"]
    assert warnings == []


async def test_orders_are_settled_once(shop: ClusterShop) -> None:
    account = await shop.account(await shop.order(ORDERS, per_second=PER_SECOND))

    assert account.balanced, account
    assert account.orders_accepted == ORDERS
    assert account.notifications_sent == ORDERS


# --- disturbances -----------------------------------------------------------------------------------------------------


async def test_a_killed_payments_container_loses_nothing(shop: ClusterShop, namespace: Kubectl) -> None:
    pod = await asyncio.to_thread(pod_of, namespace, "payments")

    # a process cannot kill itself as number one of its container from inside; the runtime can
    await ordered_during(shop, lambda: asyncio.to_thread(namespace.kill_container, pod))

    restarts = namespace.get("pod", pod)["status"]["containerStatuses"][0]["restartCount"]
    assert restarts == 1


async def test_a_deleted_payments_pod_loses_nothing(shop: ClusterShop, namespace: Kubectl) -> None:
    pod = await asyncio.to_thread(pod_of, namespace, "payments")

    await ordered_during(shop, lambda: in_thread(namespace, "delete", "pod", pod, "--wait=false"))


async def test_a_drained_node_loses_nothing(shop: ClusterShop, namespace: Kubectl) -> None:
    pod = await asyncio.to_thread(pod_of, namespace, "payments")
    node = namespace.get("pod", pod)["spec"]["nodeName"]
    words = ("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=120s")
    try:
        # the server for trying out is one pod with a volume on one node: it is not what is drained here
        await ordered_during(
            shop, lambda: in_thread(namespace, *words, "--pod-selector", "app.kubernetes.io/component!=server")
        )
    finally:
        namespace("uncordon", node)


async def test_a_restarted_server_loses_nothing(shop: ClusterShop, namespace: Kubectl) -> None:
    await ordered_during(shop, lambda: in_thread(namespace, "delete", "pod", "shop-server-0"))


async def test_a_new_version_is_rolled_out_under_load(shop: ClusterShop, namespace: Kubectl, release: Release) -> None:
    changed = {**VALUES, **{name: {**VALUES[name], "podLabels": {"rolled": "out"}} for name in ("orders", "payments")}}

    await ordered_during(shop, lambda: asyncio.to_thread(release.upgrade, changed))

    assert labels(namespace)["rolled"] == "out"


async def test_the_version_before_is_gone_back_to_under_load(
    shop: ClusterShop, namespace: Kubectl, release: Release
) -> None:
    await ordered_during(shop, lambda: asyncio.to_thread(release.rollback))

    assert "rolled" not in labels(namespace)


async def test_pods_are_added_and_removed_under_load(shop: ClusterShop, namespace: Kubectl) -> None:
    async def up_and_down() -> None:
        for count in (1, 5, 2):
            await in_thread(namespace, "scale", "deployment/shop-payments", f"--replicas={count}")
            await in_thread(namespace, "rollout", "status", "deployment/shop-payments", "--timeout=120s")

    await ordered_during(shop, up_and_down)


async def test_orders_are_accepted_while_payments_are_away_and_settle_afterwards(
    shop: ClusterShop, namespace: Kubectl
) -> None:
    namespace("scale", "deployment/shop-payments", "--replicas=0")
    await asyncio.to_thread(eventually_sync, lambda: ready(namespace, "payments") == 0, within_seconds=90)

    orders = await shop.order(30 * 10, per_second=10)
    refused = shop.refused
    namespace("scale", "deployment/shop-payments", "--replicas=2")
    account = await shop.account(orders)

    assert refused == 0
    assert (account.lost, account.duplicate_effects) == (0, 0), account


def test_it_goes_without_leaving_anything(namespace: Kubectl, release: Release) -> None:
    """The last test of this file: it removes the shop."""
    release.uninstall()

    kinds = "all,configmaps,secrets,serviceaccounts,networkpolicies,poddisruptionbudgets,persistentvolumeclaims"
    words = ("get", kinds, "--selector", "app.kubernetes.io/instance=shop", "--output", "name")
    eventually_sync(lambda: namespace(*words).strip() == "", within_seconds=120)
