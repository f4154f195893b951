"""The roles of the operator's chart on a real API server: its account can do its work with them, and no more."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient
from tests.support.api_server import ApiServer
from tests.support.helm import Chart, Manifest
from tests.support.operator_requests import LEADING, NEVER, USED
from tests.support.rbac import Call

from sluiceway_operator.kube import Api, KubernetesWorkloads
from sluiceway_operator.ports import Target, TargetForbidden
from sluiceway_operator.resource import ScaleTargetRef

POD: dict[str, Any] = {
    "containers": [{"name": "main", "image": "localhost/none"}],
    "serviceAccountName": "default",
    "automountServiceAccountToken": False,
}


@dataclass(frozen=True, slots=True)
class Installed:
    """The chart's roles on an API server, and two namespaces.

    Args:
        server: The API server.
        own: The operator's namespace.
        served: One whose StreamConsumers it serves.
    """

    server: ApiServer
    own: str
    served: str

    @property
    def account(self) -> str:
        return f"system:serviceaccount:{self.own}:sluiceway"

    def may(self, call: Call, namespace: str) -> bool:
        """Ask the API server whether the operator may do something there."""
        resource, _, subresource = call.resource.partition("/")
        wanted = {"verb": call.verb, "group": call.group, "resource": resource, "subresource": subresource}
        attributes = {**wanted, "namespace": namespace, "name": "" if call.name == "*" else call.name}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": self.account, "resourceAttributes": attributes},
        }
        answer = json.loads(self.server("create", "--output", "json", "--filename", "-", given=review))
        return bool(answer["status"]["allowed"])


def roles(own: str, *arguments: str) -> list[Manifest]:
    kinds = {"ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
    manifests = Chart("sluiceway").template(*arguments, release="sluiceway", namespace=own)
    return [each for each in manifests if each["kind"] in kinds]


@pytest.fixture(scope="module", params=["cluster", "namespaces"])
def installed(api_server: ApiServer, request: pytest.FixtureRequest) -> Iterator[Installed]:
    mark = secrets.token_hex(4)
    own, served = f"own-{mark}", f"served-{mark}"
    for name in (own, served):
        api_server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    account = {"name": "default", "namespace": served}
    api_server.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    manifests = roles(own, *(("--set", f"watchNamespaces={{{served}}}") if request.param == "namespaces" else ()))
    for manifest in manifests:
        api_server.apply(manifest)
    yield Installed(api_server, own, served)
    for manifest in manifests:
        if manifest["kind"].startswith("ClusterRole"):
            api_server("delete", manifest["kind"].lower(), manifest["metadata"]["name"])


@pytest_asyncio.fixture
async def workloads(installed: Installed) -> AsyncIterator[KubernetesWorkloads]:
    """The operator's own code, with the account that the chart gives it."""
    kubeconfig = str(installed.server.kubeconfig)
    client: ApiClient = await config.new_client_from_config(kubeconfig)  # type: ignore[no-untyped-call]
    async with client:
        client.set_default_header("Impersonate-User", installed.account)  # type: ignore[no-untyped-call]
        yield KubernetesWorkloads(Api(client))


def deployment(installed: Installed, namespace: str) -> Target:
    name = f"target-{secrets.token_hex(4)}"
    labels = {"app": name}
    metadata = {"name": name, "namespace": namespace}
    template = {"metadata": {"labels": labels}, "spec": POD}
    spec: dict[str, Any] = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    installed.server.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
    return Target(namespace, ScaleTargetRef(name=name))


async def test_targets_are_read_and_scaled_and_pods_marked(
    installed: Installed, workloads: KubernetesWorkloads
) -> None:
    target = deployment(installed, installed.served)
    pod_name = f"{target.ref.name}-1"
    metadata = {"name": pod_name, "namespace": installed.served, "labels": {"app": target.ref.name}}
    installed.server.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": POD})

    await workloads.scale(target, 5)

    assert await workloads.replicas(target) == 5
    assert await workloads.spare(target, {pod_name: 3})
    pod = json.loads(installed.server("get", "pod", pod_name, "--namespace", installed.served, "--output", "json"))
    assert pod["metadata"]["annotations"] == {"controller.kubernetes.io/pod-deletion-cost": "3"}


async def test_another_autoscaler_is_noticed(installed: Installed, workloads: KubernetesWorkloads) -> None:
    target = deployment(installed, installed.served)
    of = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target.ref.name}
    spec = {"scaleTargetRef": of, "minReplicas": 1, "maxReplicas": 3}
    metadata = {"name": target.ref.name, "namespace": installed.served}
    installed.server.apply(
        {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}
    )

    assert await workloads.rival(target, afresh=True) == f"HorizontalPodAutoscaler {target.ref.name}"


async def test_a_namespace_that_is_not_served_is_out_of_reach(
    installed: Installed, workloads: KubernetesWorkloads, request: pytest.FixtureRequest
) -> None:
    target = deployment(installed, installed.own)

    if "namespaces" in request.node.callspec.id:
        with pytest.raises(TargetForbidden):
            await workloads.scale(target, 5)
    else:
        await workloads.scale(target, 5)


@pytest.mark.parametrize("purpose", USED)
def test_what_it_asks_for_it_gets(installed: Installed, purpose: str) -> None:
    assert [call for call in USED[purpose] if not installed.may(call, installed.served)] == []


def test_what_it_has_no_use_for_it_does_not_get(installed: Installed) -> None:
    assert [call for call in NEVER if installed.may(call, installed.served)] == []
    assert [call for call in NEVER if installed.may(call, installed.own)] == []


def test_its_lease_is_in_its_own_namespace(installed: Installed) -> None:
    assert [call for call in LEADING if not installed.may(call, installed.own)] == []
    assert [call for call in LEADING if installed.may(call, installed.served)] == []
