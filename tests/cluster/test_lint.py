"""Lint and a real API server say the same of the same manifests."""

from __future__ import annotations

import copy
import json
import secrets
from typing import Any

import pytest
import yaml
from tests.support.api_server import ApiServer, Refused
from tests.support.repository import ROOT

from sluiceway_operator.manifests import StreamConsumerManifest, check, read_documents

CRD = yaml.safe_load((ROOT / "k8s/crds/streamconsumers.yaml").read_text())
MINIMAL: dict[str, Any] = {
    "redis": {"url": "redis://redis:6379/0"},
    "stream": "orders",
    "group": {"name": "payments"},
    "scaleTargetRef": {"name": "payments"},
}
ABSENT = object()
"""Marks a field that is to be taken away."""

TAKEN: dict[str, dict[str, Any]] = {
    "as little as there may be": {},
    "all defaults": {"scaling": {}, "deadLetter": {}, "consumers": {}},
    "nulls are absent fields": {"scaling": None, "trim": None, "deadLetter": {"stream": None}},
    "a null takes the default": {"scaling": {"maxReplicas": None}},
    "sentinel and cluster": {"redis": {"url": "redis+sentinel://a:1,b:2/service/0"}},
    "TLS": {"redis": {"url": "rediss+cluster://a:1", "tls": {"caSecretRef": {"name": "ca"}}}},
    "a secret's URL": {"redis": {"urlFrom": {"name": "redis", "key": "url"}}},
    "min equals max": {"scaling": {"minReplicas": 3, "maxReplicas": 3}},
    "no trimming by default": {"trim": {}},
    "the whole number 5.0": {"scaling": {"maxReplicas": 5.0}},
    "the longest name of a stream": {"stream": "s" * 512},
    "a stream of umlauts": {"stream": "ü" * 512},
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no stream": ({"stream": ABSENT}, "spec.stream"),
    "a null for a stream": ({"stream": None}, "spec.stream"),
    "an empty stream": ({"stream": ""}, "spec.stream"),
    "a stream too long": ({"stream": "s" * 513}, "spec.stream"),
    "a number for a name": ({"stream": 5}, "spec.stream"),
    "a field that is none": ({"strem": "orders"}, "strem"),
    "a field that is none, deep": ({"scaling": {"target": {"drainSecond": 5}}}, "drainSecond"),
    "no URL": ({"redis": {}}, "spec.redis"),
    "two URLs": ({"redis": {"url": "redis://a", "urlFrom": {"name": "s", "key": "k"}}}, "spec.redis"),
    "a password in the URL": ({"redis": {"url": "redis://me:hunter2@redis:6379"}}, "spec.redis.url"),
    "another scheme": ({"redis": {"url": "http://redis:6379"}}, "spec.redis.url"),
    "a key that is missing": ({"redis": {"urlFrom": {"name": "s"}}}, "spec.redis.urlFrom.key"),
    "no group name": ({"group": {}}, "spec.group.name"),
    "a list for a group": ({"group": []}, "spec.group"),
    "an unknown word": ({"group": {"name": "g", "startFrom": "earliest"}}, "spec.group.startFrom"),
    "more than max": ({"scaling": {"minReplicas": 5, "maxReplicas": 2}}, "spec.scaling"),
    "more than the default max": ({"scaling": {"minReplicas": 11}}, "spec.scaling"),
    "max 0": ({"scaling": {"maxReplicas": 0}}, "spec.scaling.maxReplicas"),
    "less than nothing": ({"scaling": {"minReplicas": -1}}, "spec.scaling.minReplicas"),
    "a text for a number": ({"scaling": {"minReplicas": "1"}}, "spec.scaling.minReplicas"),
    "a fraction": ({"scaling": {"minReplicas": 1.5}}, "spec.scaling.minReplicas"),
    "a boolean for a number": ({"scaling": {"minReplicas": True}}, "spec.scaling.minReplicas"),
    "no target": ({"scaling": {"target": {}}}, "spec.scaling.target"),
    "two targets": ({"scaling": {"target": {"drainSeconds": 5, "backlogPerReplica": 5}}}, "spec.scaling.target"),
    "drain within nothing": ({"scaling": {"target": {"drainSeconds": 0}}}, "spec.scaling.target.drainSeconds"),
    "too patient": ({"scaling": {"scaleDown": {"stabilizationSeconds": 3601}}}, "stabilizationSeconds"),
    "Length without length": ({"trim": {"policy": "Length"}}, "spec.trim"),
    "Age without age": ({"trim": {"policy": "Age"}}, "spec.trim"),
    "a cap below the length": ({"trim": {"maxLength": 9, "hardMaxLength": 5}}, "spec.trim"),
}
METADATA: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({}, "name"),
    "capitals": ({"name": "Payments"}, "metadata.name"),
    "a name too long": ({"name": "n" * 64}, "metadata.name"),
    "an underscore": ({"name": "pay_ments"}, "metadata.name"),
}


@pytest.fixture(scope="session")
def server(api_server: ApiServer) -> ApiServer:
    """The API server, knowing the resource."""
    api_server.apply(CRD)
    api_server("wait", "--for=condition=Established", "crd/streamconsumers.sluiceway.dev", "--timeout=30s")
    return api_server


def consumer(change: dict[str, Any]) -> dict[str, Any]:
    spec = {name: value for name, value in {**copy.deepcopy(MINIMAL), **change}.items() if value is not ABSENT}
    return {
        "apiVersion": "sluiceway.dev/v1alpha1",
        "kind": "StreamConsumer",
        "metadata": {"name": f"lint-{secrets.token_hex(4)}", "namespace": "default"},
        "spec": spec,
    }


def create(server: ApiServer, manifest: dict[str, Any]) -> None:
    server("create", "--validate=strict", "--filename", "-", given=manifest)


def lint(manifest: dict[str, Any]) -> list[str]:
    """The fields that lint finds fault with."""
    (document,) = read_documents(json.dumps(manifest), "file")
    checked = check(document)
    return [] if isinstance(checked, StreamConsumerManifest) else [each.field for each in checked]


@pytest.mark.parametrize("change", TAKEN.values(), ids=TAKEN)
def test_what_the_api_server_takes_is_right(server: ApiServer, change: dict[str, Any]) -> None:
    manifest = consumer(change)

    create(server, manifest)

    assert lint(manifest) == []


@pytest.mark.parametrize(("change", "field"), REFUSED.values(), ids=REFUSED)
def test_what_the_api_server_refuses_is_wrong_by_the_same_field(
    server: ApiServer, change: dict[str, Any], field: str
) -> None:
    manifest = consumer(change)

    with pytest.raises(Refused) as refused:
        create(server, manifest)

    assert field in str(refused.value)
    assert [each for each in lint(manifest) if field in each], lint(manifest)


@pytest.mark.parametrize(("metadata", "field"), METADATA.values(), ids=METADATA)
def test_names_are_held_to_the_api_servers_rules(server: ApiServer, metadata: dict[str, Any], field: str) -> None:
    manifest = consumer({}) | {"metadata": metadata}

    with pytest.raises(Refused) as refused:
        create(server, manifest)

    assert field in str(refused.value)
    assert [each for each in lint(manifest) if field in each], lint(manifest)
