"""What the operator may do on the API server is what it does, and where it does it; people get what their roles say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.support.helm import Chart, Manifest
from tests.support.operator_requests import LEADING, NEVER, USED
from tests.support.rbac import Call, grants, may

CHART = Chart("sluiceway")
OWN, SERVED, ELSEWHERE = "sluiceway", "payments", "kube-system"
ACCOUNT = "sluiceway"


def rendered(*arguments: str) -> list[Manifest]:
    return CHART.template(*arguments, release="sluiceway", namespace=OWN)


def granted(*arguments: str, account: str = ACCOUNT) -> list[Call]:
    return list(grants(rendered(*arguments), account, OWN))


def at(namespace: str, call: Call) -> Call:
    return replace(call, namespace=namespace, name="any")


ONE_NAMESPACE = ("--set", f"watchNamespaces={{{SERVED}}}")


@pytest.mark.parametrize("purpose", USED)
@pytest.mark.parametrize("arguments", [(), ONE_NAMESPACE], ids=["cluster", "namespaces"])
def test_it_may_do_what_it_does(arguments: tuple[str, ...], purpose: str) -> None:
    rights = granted(*arguments)

    assert [call for call in USED[purpose] if not may(rights, at(SERVED, call))] == []


@pytest.mark.parametrize("arguments", [(), ONE_NAMESPACE], ids=["cluster", "namespaces"])
def test_it_may_do_nothing_that_it_does_not_do(arguments: tuple[str, ...]) -> None:
    rights = granted(*arguments)
    used = {(call.verb, call.group, call.resource) for calls in USED.values() for call in calls}
    leading = {(call.verb, call.group, call.resource) for call in LEADING}

    assert {(right.verb, right.group, right.resource) for right in rights} == used | leading
    assert [
        call
        for call in NEVER
        if may(rights, replace(call, namespace=OWN)) or may(rights, replace(call, namespace=SERVED))
    ] == []


def test_it_leads_with_a_lease_of_its_own_name_in_its_own_namespace_only() -> None:
    rights = granted()

    assert [call for call in LEADING if not may(rights, replace(call, namespace=OWN))] == []
    assert {right.namespace for right in rights if right.resource == "leases"} == {OWN}
    assert {right.name for right in rights if right.resource == "leases" and right.verb != "create"} == {"sluiceway"}


def test_with_namespaces_named_it_may_do_nothing_elsewhere() -> None:
    manifests = rendered(*ONE_NAMESPACE)
    rights = list(grants(manifests, ACCOUNT, OWN))

    assert {right.namespace for right in rights} == {OWN, SERVED}
    assert not any(may(rights, at(ELSEWHERE, call)) for calls in USED.values() for call in calls)
    assert "ClusterRoleBinding" not in {each["kind"] for each in manifests}


def test_secrets_can_be_narrowed_to_names() -> None:
    rights = granted("--set", "rbac.secrets.names={redis-login}")

    assert may(rights, Call("get", "", "secrets", SERVED, "redis-login"))
    assert not may(rights, Call("get", "", "secrets", SERVED, "root-password"))


def test_secrets_can_be_left_out() -> None:
    assert not [right for right in granted("--set", "rbac.secrets.enabled=false") if right.resource == "secrets"]


def test_other_kinds_are_scaled_if_they_are_named() -> None:
    target = "rbac.extraTargets[0]"
    rights = granted("--set", f"{target}.group=argoproj.io,{target}.resource=rollouts")

    assert {right for right in rights if right.group == "argoproj.io"} == {
        Call("get", "argoproj.io", "rollouts/scale"),
        Call("update", "argoproj.io", "rollouts/scale"),
    }


def test_an_account_that_exists_is_bound_and_none_is_made() -> None:
    arguments = ("--set", "serviceAccount.create=false,serviceAccount.name=theirs")

    assert granted(*arguments, account="theirs")
    assert "ServiceAccount" not in {each["kind"] for each in rendered(*arguments)}


def test_rights_can_be_left_to_somebody_else() -> None:
    kinds = {each["kind"] for each in rendered("--set", "rbac.create=false,rbac.aggregate=false")}

    assert kinds.isdisjoint({"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"})


@pytest.mark.parametrize(
    ("role", "verbs", "not_even"),
    [
        ("view", {"get", "list", "watch"}, {"create", "patch", "delete"}),
        ("edit", {"get", "list", "watch", "create", "update", "patch", "delete"}, set()),
        ("admin", {"get", "list", "watch", "create", "update", "patch", "delete"}, set()),
    ],
)
def test_people_may_do_with_stream_consumers_what_their_role_in_the_namespace_says(
    role: str, verbs: set[str], not_even: set[str]
) -> None:
    label = f"rbac.authorization.k8s.io/aggregate-to-{role}"
    roles = [each for each in rendered() if each["metadata"]["labels"].get(label) == "true"]
    rules: list[dict[str, Any]] = [rule for each in roles for rule in each["rules"]]
    allowed = {verb for rule in rules for verb in rule["verbs"] if "streamconsumers" in rule["resources"]}
    of_status = {verb for rule in rules for verb in rule["verbs"] if "streamconsumers/status" in rule["resources"]}

    assert {each["kind"] for each in roles} == {"ClusterRole"}
    assert verbs <= allowed
    assert allowed.isdisjoint(not_even)
    # the status is the operator's alone
    assert of_status == {"get", "list", "watch"}
