"""The custom resource on a real API server: defaults, refusals that name the field, what cannot be changed, what is shown."""

from __future__ import annotations

import copy
import json
import secrets
from typing import Any

import pytest
import yaml
from tests.support.api_server import ApiServer, Refused
from tests.support.repository import ROOT

from sluiceway_operator.resource import StreamConsumerSpec

CRD = yaml.safe_load((ROOT / "k8s/crds/streamconsumers.yaml").read_text())
SAMPLES = sorted((ROOT / "k8s/samples").glob("*.yaml"))
MINIMAL: dict[str, Any] = {
    "redis": {"url": "redis://redis:6379/0"},
    "stream": "orders",
    "group": {"name": "payments"},
    "scaleTargetRef": {"name": "payments"},
}


@pytest.fixture(scope="session")
def server(api_server: ApiServer) -> ApiServer:
    """The API server, knowing the resource."""
    api_server.apply(CRD)
    api_server("wait", "--for=condition=Established", "crd/streamconsumers.sluiceway.dev", "--timeout=30s")
    return api_server


def consumer(spec: dict[str, Any]) -> dict[str, Any]:
    name = f"test-{secrets.token_hex(4)}"
    return {
        "apiVersion": "sluiceway.dev/v1alpha1",
        "kind": "StreamConsumer",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


def test_the_api_server_finds_nothing_to_complain_of(server: ApiServer) -> None:
    crd = json.loads(server("get", "crd", "streamconsumers.sluiceway.dev", "--output", "json"))

    conditions = {each["type"]: each["status"] for each in crd["status"]["conditions"]}
    assert (conditions["NamesAccepted"], conditions["Established"]) == ("True", "True")
    assert "NonStructuralSchema" not in conditions


def test_what_it_fills_in_is_what_the_models_fill_in(server: ApiServer) -> None:
    stored = server.apply(consumer(MINIMAL))["spec"]

    assert stored == StreamConsumerSpec.model_validate(MINIMAL).model_dump(
        by_alias=True, exclude_none=True, mode="json"
    )


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_taken_and_understood(server: ApiServer, sample: Any) -> None:
    stored = server.apply({**yaml.safe_load(sample.read_text())})

    StreamConsumerSpec.model_validate(stored["spec"])


bad = pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"redis": {}}, "spec.redis", "give exactly one of url and urlFrom"),
        ({"redis": {"url": "redis://a", "urlFrom": {"name": "s", "key": "k"}}}, "spec.redis", "exactly one of url"),
        ({"redis": {"url": "redis://me:hunter2@redis:6379"}}, "spec.redis.url", "should match"),
        ({"scaling": {"minReplicas": 5, "maxReplicas": 2}}, "spec.scaling.minReplicas", "must not be greater than"),
        ({"scaling": {"target": {}}}, "spec.scaling.target", "give exactly one of drainSeconds and backlogPerReplica"),
        ({"scaling": {"minReplicas": -1}}, "spec.scaling.minReplicas", "greater than or equal to 0"),
        ({"scaling": {"mode": "Manual"}}, "spec.scaling.mode", '"Automatic", "Recommend", "Paused"'),
        ({"trim": {"policy": "Length"}}, "spec.trim", "policy Length needs maxLength"),
        ({"trim": {"policy": "Age"}}, "spec.trim", "policy Age needs maxAgeSeconds"),
        ({"trim": {"maxLength": 9, "hardMaxLength": 5}}, "spec.trim", "hardMaxLength must not be smaller"),
        ({"stream": ""}, "spec.stream", "at least 1"),
        ({"strem": "orders"}, "strem", "field not declared in schema"),
    ],
)


@bad
def test_a_bad_object_is_refused_by_the_name_of_its_field(
    server: ApiServer, change: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(Refused) as refused:
        server.apply(consumer({**MINIMAL, **change}))

    assert field in str(refused.value)
    assert words in str(refused.value)


@bad
def test_a_bad_change_is_refused_as_well_and_what_there_was_stays(
    server: ApiServer, change: dict[str, Any], field: str, words: str
) -> None:
    made = consumer(MINIMAL)
    stored = server.apply(made)

    with pytest.raises(Refused) as refused:
        server("replace", "--filename", "-", given={**made, "spec": {**MINIMAL, **change}})

    assert field in str(refused.value)
    # of a field that it does not know it says so in other words than at an apply
    assert words in str(refused.value) or f'unknown field "spec.{field}"' in str(refused.value)
    after = json.loads(server("get", "strc", made["metadata"]["name"], "--output", "json"))
    assert (after["spec"], after["metadata"]["generation"]) == (stored["spec"], 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stream": "others"}, "stream cannot be changed; make another StreamConsumer"),
        ({"group": {"name": "others"}}, "group.name cannot be changed; make another StreamConsumer"),
    ],
)
def test_stream_and_group_cannot_be_changed(server: ApiServer, change: dict[str, Any], message: str) -> None:
    made = consumer(MINIMAL)
    server.apply(made)
    changed = copy.deepcopy(made)
    changed["spec"].update(change)

    with pytest.raises(Refused, match=message):
        server.apply(changed)


def test_a_status_is_written_apart_from_the_spec(server: ApiServer) -> None:
    made = consumer(MINIMAL)
    server.apply(made)
    name = made["metadata"]["name"]
    status = {"status": {"replicas": {"current": 2, "desired": 3}, "backlog": {"lag": 7, "accuracy": "Exact"}}}
    words = ("patch", "strc", name, "--subresource=status", "--type=merge", "--patch", json.dumps(status))
    server(*words)

    stored = json.loads(server("get", "strc", name, "--output", "json"))

    assert stored["status"] == status["status"]
    assert stored["metadata"]["generation"] == 1


def test_what_is_listed_is_what_somebody_on_call_wants_to_see(server: ApiServer) -> None:
    made = consumer(MINIMAL)
    server.apply(made)

    plain, wide = (server("get", "strc", *words).splitlines()[0].split() for words in ((), ("--output", "wide")))

    assert plain == ["NAME", "READY", "REPLICAS", "DESIRED", "LAG", "PENDING", "OLDEST", "MODE", "AGE"]
    assert wide == [*plain, "STREAM", "GROUP", "TARGET", "REASON"]


def test_a_field_is_explained_with_its_unit_and_default(server: ApiServer) -> None:
    explained = server("explain", "streamconsumers.spec.scaling.scaleDown.stabilizationSeconds")

    assert " ".join(explained.split()).endswith(
        "stabilizationSeconds is how long the highest recommendation holds against a reduction while entries still "
        "arrive. Default 60."
    )
