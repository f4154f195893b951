"""Targets on a real API server: read, scaled, their pods listed and marked, and every way in which that fails."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient
from structlog.testing import capture_logs
from tests.support.api_server import ApiServer
from tests.support.control import Clock
from tests.support.workloads_contract import WorkloadsContract

from sluiceway_operator.kube import Api, KubernetesWorkloads
from sluiceway_operator.kube.autoscalers import Autoscalers
from sluiceway_operator.ports import Target, TargetForbidden, TargetMissing, TargetUnavailable
from sluiceway_operator.resource import ScaleTargetRef

COST = "controller.kubernetes.io/pod-deletion-cost"
POD = {"containers": [{"name": "main", "image": "localhost/none"}]}


async def connected(server: ApiServer) -> ApiClient:
    client: ApiClient = await config.new_client_from_config(str(server.kubeconfig))  # type: ignore[no-untyped-call]
    return client


@pytest_asyncio.fixture
async def workloads(api_server: ApiServer) -> AsyncIterator[KubernetesWorkloads]:
    async with await connected(api_server) as client:
        yield KubernetesWorkloads(Api(client))


def template(name: str) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": name}}, "spec": POD}


def target(kind: str = "Deployment", name: str | None = None, api_version: str = "apps/v1") -> Target:
    ref = ScaleTargetRef(api_version=api_version, kind=kind, name=name or f"target-{secrets.token_hex(4)}")
    return Target("default", ref)


def create(server: ApiServer, wanted: Target, replicas: int) -> None:
    name = wanted.ref.name
    spec: dict[str, Any] = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": name}},
        "template": template(name),
    }
    if wanted.ref.kind == "StatefulSet":
        spec["serviceName"] = name
    server.apply(
        {
            "apiVersion": wanted.ref.api_version,
            "kind": wanted.ref.kind,
            "metadata": {"name": name, "namespace": "default"},
            "spec": spec,
        }
    )


def create_pod(server: ApiServer, of: Target, name: str) -> None:
    """A pod as a controller would make it; here nobody else does, and nobody runs it."""
    labels = {"app": of.ref.name}
    metadata = {"name": name, "namespace": "default", "labels": labels}
    spec = {**POD, "serviceAccountName": "default", "automountServiceAccountToken": False}
    server.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"}}
    )
    server.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


def replicas_of(server: ApiServer, wanted: Target) -> int:
    return int(json.loads(server("get", wanted.ref.kind, wanted.ref.name, "--output", "json"))["spec"]["replicas"])


class KubernetesPlace:
    """Targets on an API server without controllers: pods are made by hand."""

    def __init__(self, server: ApiServer, workloads: KubernetesWorkloads) -> None:
        self._server = server
        self.workloads = workloads

    def missing(self) -> Target:
        return target()

    async def target(self, replicas: int) -> Target:
        made = target()
        create(self._server, made, replicas)
        for number in range(replicas):
            create_pod(self._server, made, f"{made.ref.name}-{number}")
        return made


class TestKubernetesAsWorkloads(WorkloadsContract):
    @pytest.fixture
    def place(self, api_server: ApiServer, workloads: KubernetesWorkloads) -> KubernetesPlace:
        return KubernetesPlace(api_server, workloads)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "ReplicaSet"])
async def test_what_has_replicas_is_read_and_scaled(
    api_server: ApiServer, workloads: KubernetesWorkloads, kind: str
) -> None:
    wanted = target(kind)
    create(api_server, wanted, 2)

    before = await workloads.replicas(wanted)
    await workloads.scale(wanted, 7)

    assert (before, await workloads.replicas(wanted), replicas_of(api_server, wanted)) == (2, 7, 7)


async def test_a_number_that_stands_is_not_written_again(api_server: ApiServer, workloads: KubernetesWorkloads) -> None:
    wanted = target()
    create(api_server, wanted, 3)
    before = json.loads(api_server("get", "deployment", wanted.ref.name, "--output", "json"))["metadata"]

    await workloads.scale(wanted, 3)

    after = json.loads(api_server("get", "deployment", wanted.ref.name, "--output", "json"))["metadata"]
    assert after["resourceVersion"] == before["resourceVersion"]


async def test_of_two_who_write_at_once_each_is_obeyed_or_told(
    api_server: ApiServer, workloads: KubernetesWorkloads
) -> None:
    wanted = target()
    create(api_server, wanted, 0)

    outcomes = await asyncio.gather(
        *(workloads.scale(wanted, number) for number in range(1, 9)), return_exceptions=True
    )

    written = [number for number, outcome in enumerate(outcomes, 1) if outcome is None]
    assert replicas_of(api_server, wanted) in written
    assert all(outcome is None or isinstance(outcome, TargetUnavailable) for outcome in outcomes)


@pytest.mark.parametrize(
    "wanted",
    [
        target(),
        target("Nonsense"),
        target("Widget", api_version="example.com/v1"),
        target("ConfigMap", name="kube-root-ca.crt", api_version="v1"),
    ],
    ids=["no such object", "no such kind", "no such group", "cannot be scaled"],
)
async def test_what_cannot_be_scaled_is_missing(workloads: KubernetesWorkloads, wanted: Target) -> None:
    with pytest.raises(TargetMissing, match=wanted.ref.name):
        await workloads.replicas(wanted)


async def test_a_name_that_leads_out_of_the_namespace_leads_nowhere(
    api_server: ApiServer, workloads: KubernetesWorkloads
) -> None:
    victim = target()
    create(api_server, victim, 2)
    for name in (f"../../default/deployments/{victim.ref.name}", f"{victim.ref.name}/scale?", "..", ""):
        outside = Target("elsewhere", victim.ref.model_copy(update={"name": name}))

        with pytest.raises(TargetMissing):
            await workloads.scale(outside, 0)

    assert replicas_of(api_server, victim) == 2


async def test_without_the_right_it_is_forbidden(api_server: ApiServer) -> None:
    async with await connected(api_server) as client:
        client.configuration.api_key = {}
        stranger = KubernetesWorkloads(Api(client))

        with pytest.raises((TargetForbidden,)):
            await stranger.replicas(target())


async def test_targets_may_be_scaled_without_the_right_to_see_their_pods(api_server: ApiServer) -> None:
    wanted = target()
    create(api_server, wanted, 2)
    api_server.apply(
        role("scalers", {"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["get", "update"]})
    )
    api_server.apply(binding("scalers"))
    async with await connected(api_server) as client:
        client.set_default_header("Impersonate-User", "scalers")
        scaler = KubernetesWorkloads(Api(client))

        await scaler.scale(wanted, 1)

        with pytest.raises(TargetForbidden, match="pods is forbidden"):
            await scaler.pods(wanted)
        with pytest.raises(TargetForbidden, match="pods is forbidden"):
            await scaler.spare(wanted, {})
    assert replicas_of(api_server, wanted) == 1


async def test_an_api_server_that_does_not_answer_is_unavailable(api_server: ApiServer) -> None:
    async with await connected(api_server) as client:
        client.configuration.host = "https://127.0.0.1:1"

        with pytest.raises(TargetUnavailable, match="does not answer"):
            await KubernetesWorkloads(Api(client)).replicas(target())


async def test_pods_are_marked_by_what_they_hold_and_only_where_it_changed(
    api_server: ApiServer, workloads: KubernetesWorkloads
) -> None:
    wanted = target()
    create(api_server, wanted, 0)
    busy, idle = f"{wanted.ref.name}-busy", f"{wanted.ref.name}-idle"
    create_pod(api_server, wanted, busy)
    create_pod(api_server, wanted, idle)

    heeded = await workloads.spare(wanted, {busy: 12, "somebody": 3})
    marks = {name: mark(api_server, name) for name in (busy, idle)}
    version = json.loads(api_server("get", "pod", busy, "--output", "json"))["metadata"]["resourceVersion"]
    await workloads.spare(wanted, {busy: 12})

    assert heeded
    assert marks == {busy: "12", idle: None}
    again = json.loads(api_server("get", "pod", busy, "--output", "json"))["metadata"]["resourceVersion"]
    assert again == version


async def test_kinds_that_choose_their_victims_themselves_are_left_alone(
    api_server: ApiServer, workloads: KubernetesWorkloads
) -> None:
    wanted = target("StatefulSet")
    create(api_server, wanted, 0)

    assert not workloads.heeds(wanted)
    assert not await workloads.spare(wanted, {"pod": 1})


# --- other autoscalers ------------------------------------------------------------------------------------------------


def deployment(wanted: Target) -> dict[str, str]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": wanted.ref.name}


def create_autoscaler(server: ApiServer, name: str, of: dict[str, str], **metadata: Any) -> None:
    spec = {"scaleTargetRef": of, "minReplicas": 1, "maxReplicas": 3}
    server.apply(
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": name, "namespace": "default", **metadata},
            "spec": spec,
        }
    )


@pytest.mark.parametrize("version", ["apps/v1", "apps/v1beta2"])
async def test_an_autoscaler_of_the_target_is_found(
    api_server: ApiServer, workloads: KubernetesWorkloads, version: str
) -> None:
    wanted = target()
    create_autoscaler(
        api_server, wanted.ref.name, {"apiVersion": version, "kind": "Deployment", "name": wanted.ref.name}
    )

    assert await workloads.rival(wanted) == f"HorizontalPodAutoscaler {wanted.ref.name}"


async def test_what_made_an_autoscaler_is_told_with_it(api_server: ApiServer, workloads: KubernetesWorkloads) -> None:
    wanted = target()
    owner = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "orders", "uid": secrets.token_hex(4)}
    create_autoscaler(
        api_server,
        f"keda-hpa-{wanted.ref.name}",
        deployment(wanted),
        ownerReferences=[{**owner, "controller": True}],
    )

    assert await workloads.rival(wanted) == f"HorizontalPodAutoscaler keda-hpa-{wanted.ref.name} of ScaledObject orders"


@pytest.mark.parametrize(
    ("kind", "api_version", "suffix"),
    [("Deployment", "apps/v1", "-2"), ("StatefulSet", "apps/v1", ""), ("Deployment", "example.com/v1", "")],
    ids=["another name", "another kind", "another group"],
)
async def test_the_autoscaler_of_something_else_is_nobodys_rival(
    api_server: ApiServer, workloads: KubernetesWorkloads, kind: str, api_version: str, suffix: str
) -> None:
    wanted = target()
    other = {"apiVersion": api_version, "kind": kind, "name": f"{wanted.ref.name}{suffix}"}
    create_autoscaler(api_server, wanted.ref.name, other)

    assert await workloads.rival(wanted) is None


async def test_a_new_autoscaler_is_found_after_half_a_minute_and_at_once_where_there_is_reason_to_ask(
    api_server: ApiServer,
) -> None:
    clock, wanted = Clock(), target()
    async with await connected(api_server) as client:
        known, asked_again = Autoscalers(Api(client), clock), Autoscalers(Api(client), clock)
        before = await known.of(wanted), await asked_again.of(wanted)
        create_autoscaler(api_server, wanted.ref.name, deployment(wanted))
        clock.now += 29

        remembered = await known.of(wanted)
        at_once = await asked_again.of(wanted, afresh=True)
        clock.now += 1
        in_time = await known.of(wanted)

    assert (before, remembered) == ((None, None), None)
    assert at_once == in_time == f"HorizontalPodAutoscaler {wanted.ref.name}"


async def test_without_the_right_nobody_is_assumed_and_the_log_says_so_once(api_server: ApiServer) -> None:
    clock, wanted = Clock(), target()
    create_autoscaler(api_server, wanted.ref.name, deployment(wanted))
    async with await connected(api_server) as client:
        client.set_default_header("Impersonate-User", "nobody")
        autoscalers = Autoscalers(Api(client), clock)

        with capture_logs() as logs:
            found = []
            for _ in range(3):
                found.append(await autoscalers.of(wanted))
                clock.now += 30

    assert found == [None, None, None]
    assert [(line["log_level"], line["namespace"]) for line in logs] == [("warning", "default")]


async def test_while_the_api_server_is_away_what_was_known_stands(api_server: ApiServer) -> None:
    clock, wanted = Clock(), target()
    create_autoscaler(api_server, wanted.ref.name, deployment(wanted))
    async with await connected(api_server) as client:
        autoscalers = Autoscalers(Api(client), clock)
        before = await autoscalers.of(wanted)
        client.configuration.host = "https://127.0.0.1:1"
        clock.now += 60

        assert before is not None
        assert await autoscalers.of(wanted, afresh=True) == before


def role(name: str, *rules: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata, "rules": rules}


def binding(name: str) -> dict[str, Any]:
    """Give a user the role that is called as they are."""
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": "default"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
        "subjects": [{"apiGroup": group, "kind": "User", "name": name}],
    }


def mark(server: ApiServer, pod: str) -> str | None:
    metadata = json.loads(server("get", "pod", pod, "--output", "json"))["metadata"]
    found: str | None = metadata.get("annotations", {}).get(COST)
    return found
