"""What the operator tells, on a real API server: it is taken, and it is told of the right one."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from kubernetes.aio import config
from tests.support.api_server import ApiServer
from tests.support.control import resource
from tests.support.repository import ROOT
from typing_extensions import override

from sluiceway_operator.kube import Api
from sluiceway_operator.kube.feed import Feed
from sluiceway_operator.kube.refusals import Refusals
from sluiceway_operator.kube.reports import KubernetesReports
from sluiceway_operator.ports import AlwaysLeading, Leadership, NotLeading
from sluiceway_operator.registry import Registry, Resource, ResourceKey
from sluiceway_operator.resource import StreamConsumerStatus


class Standby(Leadership):
    """Another operator leads."""

    @override
    def check(self) -> None:
        raise NotLeading


@pytest.fixture
def server(api_server: ApiServer) -> ApiServer:
    api_server("apply", "--server-side", "--filename", str(ROOT / "k8s/crds/streamconsumers.yaml"))
    api_server("wait", "--for=condition=Established", "crd/streamconsumers.sluiceway.dev")
    return api_server


@pytest_asyncio.fixture
async def api(server: ApiServer) -> AsyncIterator[Api]:
    async with await config.new_client_from_config(str(server.kubeconfig)) as client:  # type: ignore[no-untyped-call]
        yield Api(client)


@pytest.fixture
def reports(api: Api) -> KubernetesReports:
    return KubernetesReports(api, AlwaysLeading(), "operator-0")


def make(server: ApiServer, name: str) -> Resource:
    """A StreamConsumer there, and as the operator knows it."""
    known = resource(name)
    spec = known.spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    metadata = {"name": name, "namespace": "default"}
    stored = server.apply(
        {"apiVersion": "sluiceway.dev/v1alpha1", "kind": "StreamConsumer", "metadata": metadata, "spec": spec}
    )
    return replace(known, key=ResourceKey("default", name), uid=stored["metadata"]["uid"])


def shown(server: ApiServer, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(server("get", "strc", name, "--output", "json"))
    return found


def a_name() -> str:
    return f"reported-{secrets.token_hex(4)}"


async def test_a_status_is_shown_and_what_is_none_is_removed(server: ApiServer, reports: KubernetesReports) -> None:
    known = make(server, a_name())
    await reports.status(known, StreamConsumerStatus.model_validate({"observedGeneration": 1, "backlog": {"lag": 7}}))
    await reports.status(known, StreamConsumerStatus.model_validate({"observedGeneration": 2, "backlog": {}}))

    assert shown(server, known.key.name)["status"] == {"observedGeneration": 2, "backlog": {}}


async def test_a_long_message_of_any_script_is_an_event(server: ApiServer, reports: KubernetesReports) -> None:
    known = make(server, a_name())

    await reports.event(known, "Scaled", "größer " * 300, warning=True)

    selector = f"involvedObject.name={known.key.name}"
    (event,) = json.loads(server("get", "events", "--field-selector", selector, "--output", "json"))["items"]
    assert event["message"].startswith("größer größer")
    assert len(event["message"].encode()) <= 1024
    assert (event["type"], event["reason"]) == ("Warning", "Scaled")
    assert (event["involvedObject"]["uid"], event["reportingInstance"]) == (known.uid, "operator-0")


async def test_who_is_not_understood_says_so_once_and_only_while_we_lead(
    server: ApiServer, api: Api, reports: KubernetesReports
) -> None:
    known = make(server, a_name())
    feed = Feed(Registry())
    manifest = shown(server, known.key.name)
    feed.take("MODIFIED", {**manifest, "spec": {**manifest["spec"], "unheard": "of"}})

    await Refusals(feed, KubernetesReports(api, Standby(), "operator-1")).once()
    without_lead = shown(server, known.key.name)
    refusals = Refusals(feed, reports)
    await refusals.once()
    told = shown(server, known.key.name)
    await refusals.once()
    again = shown(server, known.key.name)

    assert "status" not in without_lead
    (condition,) = told["status"]["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == ("Ready", "False", "NotUnderstood")
    assert "spec.unheard" in condition["message"]
    assert again["metadata"]["resourceVersion"] == told["metadata"]["resourceVersion"]


async def test_who_was_not_understood_before_does_not_begin_to_be_so_with_a_new_leader(
    server: ApiServer, reports: KubernetesReports
) -> None:
    known = make(server, a_name())
    long_ago = {"type": "Ready", "status": "False", "reason": "NotUnderstood", "message": ""}
    long_ago |= {"lastTransitionTime": "2026-01-01T00:00:00Z"}
    feed = Feed(Registry())
    manifest = shown(server, known.key.name)
    feed.take(
        "MODIFIED",
        {**manifest, "spec": {**manifest["spec"], "unheard": "of"}, "status": {"conditions": [long_ago]}},
    )

    await Refusals(feed, reports).once()

    (condition,) = shown(server, known.key.name)["status"]["conditions"]
    assert condition["lastTransitionTime"] == "2026-01-01T00:00:00Z"
    assert "spec.unheard" in condition["message"]
