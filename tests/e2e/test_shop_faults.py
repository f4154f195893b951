"""What goes wrong with an installation: pods that say why they are not ready, and that recover once the reason is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hack.cluster import Cluster
from tests.support.eventually import eventually_sync
from tests.support.helm import Release
from tests.support.kubernetes import TAG, Kubectl, restricted_namespace

pytestmark = pytest.mark.timeout(400, func_only=True)

IMAGE = {"registry": "localhost", "tag": TAG, "pullPolicy": "Never"}
PASSWORD = "for-tests-only"
NOBODY = {name: {"replicas": 0} for name in ("orders", "payments", "notifications")}
PAYMENTS_ONLY = {**NOBODY, "payments": {"replicas": 1}}
LONG = 120


@pytest.fixture(scope="module")
def namespace(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    yield from restricted_namespace(cluster, tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="module")
def store(namespace: Kubectl, images: dict[str, str]) -> Kubectl:
    """A namespace with a server in it, and with nobody who uses it."""
    assert "valkey" in images
    Release(namespace, "store", "shop").install(
        {"image": IMAGE, "server": {"enabled": True, "password": PASSWORD}, "fullnameOverride": "store", **NOBODY}
    )
    return namespace


@pytest.fixture
def release(store: Kubectl) -> Iterator[Release]:
    """A release that is not installed yet; it is removed afterwards."""
    made = Release(store, "shop", "shop")
    yield made
    made.uninstall()
    store("delete", "secret", "login", "--ignore-not-found")


def external(**changes: Any) -> dict[str, Any]:
    """Values of a shop with payments only, on the server of the namespace."""
    redis = {"url": "redis://store-server:6379/0", "existingSecret": "login"}
    return {"image": IMAGE, "redis": redis, **PAYMENTS_ONLY, **changes}


def login(namespace: Kubectl, password: str) -> None:
    data = {"password": password}
    namespace.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "stringData": data})


def pods(namespace: Kubectl) -> list[dict[str, Any]]:
    selector = "app.kubernetes.io/instance=shop,app.kubernetes.io/component=payments"
    found: list[dict[str, Any]] = namespace.list("pods", selector)
    return found


def becomes_ready(namespace: Kubectl) -> int:
    """Wait for the one pod of payments, and return how often it was restarted."""
    namespace("rollout", "status", "deployment/shop-payments", f"--timeout={LONG}s", seconds=LONG + 10)
    (pod,) = [pod for pod in pods(namespace) if "deletionTimestamp" not in pod["metadata"]]
    return int(pod["status"]["containerStatuses"][0]["restartCount"])


def warned(namespace: Kubectl, words: str) -> bool:
    events = namespace.list("events")
    return any(words in each["message"] for each in events if each["type"] == "Warning")


def says(namespace: Kubectl, words: str) -> bool:
    return words in namespace("logs", "deployment/shop-payments")


def test_a_missing_secret_is_named_and_waited_for(store: Kubectl, release: Release) -> None:
    release.install(external(), wait=False)
    # "secret" or "secrets", as the kubelet's way of looking it up has it
    eventually_sync(lambda: warned(store, '"login" not found'), within_seconds=LONG)

    login(store, PASSWORD)

    assert becomes_ready(store) == 0


def test_a_wrong_password_is_told_and_a_right_one_is_picked_up_without_a_restart(
    store: Kubectl, release: Release
) -> None:
    login(store, "not-the-one")
    release.install(external(), wait=False)
    eventually_sync(lambda: says(store, "username-password"), within_seconds=LONG, ignoring=(Exception,))
    assert not says(store, "not-the-one")

    login(store, PASSWORD)

    assert becomes_ready(store) == 0


def test_a_server_that_comes_up_late_is_waited_for_without_a_restart(store: Kubectl, release: Release) -> None:
    login(store, PASSWORD)
    store("scale", "statefulset/store-server", "--replicas=0")
    eventually_sync(lambda: not store.list("pods", "app.kubernetes.io/component=server"), within_seconds=LONG)
    release.install(external(), wait=False)
    eventually_sync(
        lambda: says(store, "Server does not answer as it should"), within_seconds=LONG, ignoring=(Exception,)
    )

    store("scale", "statefulset/store-server", "--replicas=1")

    assert becomes_ready(store) == 0
    (pod,) = pods(store)
    about = f"involvedObject.name={pod['metadata']['name']},type=Warning"
    assert store("get", "events", "--field-selector", about, "--output", "name") == ""


def test_an_image_that_cannot_be_had_is_told_and_a_right_one_repairs_it(store: Kubectl, release: Release) -> None:
    login(store, PASSWORD)
    release.install(external(image={**IMAGE, "tag": "absent"}), wait=False)
    eventually_sync(lambda: warned(store, "sluiceway/payments:absent"), within_seconds=LONG)

    release.upgrade(external())

    assert becomes_ready(store) == 0


def test_a_quota_that_is_too_small_is_told_and_a_larger_one_repairs_it(store: Kubectl, release: Release) -> None:
    login(store, PASSWORD)
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "quota"}}
    # the server of the namespace has 256 MiB already
    store.apply({**quota, "spec": {"hard": {"limits.memory": "300Mi"}}})
    try:
        release.install(external(), wait=False)
        eventually_sync(lambda: warned(store, "exceeded quota"), within_seconds=LONG)

        store.apply({**quota, "spec": {"hard": {"limits.memory": "1Gi"}}})

        assert becomes_ready(store) == 0
    finally:
        store("delete", "resourcequota", "quota")


def test_names_of_sixty_three_characters_fit(store: Kubectl, release: Release) -> None:
    login(store, PASSWORD)
    longest = "n" * 63

    release.install(external(fullnameOverride=longest))

    (pod,) = pods(store)
    assert pod["status"]["phase"] == "Running"
