"""What lint says of manifests that the API server takes: each piece of advice, and that it is not given without need."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from sluiceway_operator.manifests import StreamConsumerManifest, advise, check, is_stream_consumer, read_documents

CONSUMER: dict[str, Any] = {
    "apiVersion": "sluiceway.dev/v1alpha1",
    "kind": "StreamConsumer",
    "metadata": {"name": "payments", "namespace": "shop"},
    "spec": {
        "redis": {"url": "redis://redis:6379/0"},
        "stream": "orders",
        "group": {"name": "payments"},
        "scaleTargetRef": {"name": "payments"},
    },
}
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "payments", "namespace": "shop"},
    "spec": {"template": {"spec": {"containers": []}}},
}
AUTOSCALER: dict[str, Any] = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "cpu", "namespace": "shop"},
    "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "payments"}},
}


def changed(base: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return an object with some fields of its spec set; `__` separates the names of a path."""
    made = copy.deepcopy(base)
    for path, value in fields.items():
        *way, last = path.split("__")
        at = made["spec"]
        for name in way:
            at = at.setdefault(name, {})
        at[last] = value
    return made


def advice(*objects: dict[str, Any], handler_seconds: int | None = None) -> list[tuple[str, str, str]]:
    """Return what is said of the objects: who, which field, what."""
    documents = read_documents(yaml.safe_dump_all(objects), "file.yaml")
    consumers = [check(each) for each in documents if is_stream_consumer(each)]
    assert all(isinstance(each, StreamConsumerManifest) for each in consumers), consumers
    right = [each for each in consumers if isinstance(each, StreamConsumerManifest)]
    return [(each.subject, each.field, each.message) for each in advise(right, documents, handler_seconds)]


def test_a_plain_consumer_and_its_deployment_get_none() -> None:
    assert advice(CONSUMER, DEPLOYMENT) == []


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"scaling__minReplicas": 10}, "spec.scaling.minReplicas", "equals maxReplicas, 10"),
        ({"scaling__scaleDown__stabilizationSeconds": 0}, "spec.scaling.scaleDown.stabilizationSeconds", "is 0"),
        ({"scaling__scaleDown__idleSeconds": 0}, "spec.scaling.scaleDown.idleSeconds", "is 0"),
        (
            {"scaling__minReplicas": 1, "scaling__scaleDown__idleSeconds": 5},
            "spec.scaling.scaleDown.idleSeconds",
            "has no effect: minReplicas is 1",
        ),
        ({"trim__maxLength": 5}, "spec.trim.maxLength", "only policy Length heeds it"),
        ({"trim__maxAgeSeconds": 5}, "spec.trim.maxAgeSeconds", "only policy Age heeds it"),
        (
            {"scaling__target__backlogPerReplica": 5, "scaling__initialCapacityPerReplica": 3},
            "spec.scaling.initialCapacityPerReplica",
            "has no effect",
        ),
        ({"redis__tls__caSecretRef__name": "ca"}, "spec.redis.tls", "write rediss://"),
    ],
)
def test_what_is_unwise_or_has_no_effect_is_named(fields: dict[str, Any], field: str, words: str) -> None:
    ((_, told, message),) = advice(changed(CONSUMER, **fields))

    assert told == field
    assert words in message


def test_replicas_that_are_set_on_a_scaled_deployment_are_named() -> None:
    ((subject, field, message),) = advice(CONSUMER, changed(DEPLOYMENT, replicas=3))

    assert (subject, field) == ("Deployment payments", "spec.replicas")
    assert "every apply sets 3 replicas again" in message


@pytest.mark.parametrize("mode", ["Recommend", "Paused"])
def test_replicas_may_be_set_where_the_operator_does_not_scale(mode: str) -> None:
    assert advice(changed(CONSUMER, scaling__mode=mode), changed(DEPLOYMENT, replicas=3)) == []


def test_a_deployment_of_another_namespace_or_name_is_none_of_its_business() -> None:
    elsewhere = changed(DEPLOYMENT, replicas=3) | {"metadata": {"name": "payments", "namespace": "other"}}
    another = changed(DEPLOYMENT, replicas=3) | {"metadata": {"name": "orders", "namespace": "shop"}}

    assert advice(CONSUMER, elsewhere, another) == []


@pytest.mark.parametrize(
    ("grace", "handler_seconds", "needed"),
    [
        (None, None, None),
        (30, None, None),
        (29, None, 30),
        (None, 20, None),
        (None, 21, 31),
        (69, 60, 70),
        (70, 60, None),
    ],
)
def test_pods_need_ten_seconds_more_than_a_handler_may_run(
    grace: int | None, handler_seconds: int | None, needed: int | None
) -> None:
    fields = {} if grace is None else {"template__spec__terminationGracePeriodSeconds": grace}

    told = advice(CONSUMER, changed(DEPLOYMENT, **fields), handler_seconds=handler_seconds)

    assert [f"give {needed}," in message for _, _, message in told] == ([] if needed is None else [True])


def test_another_autoscaler_of_the_same_target_is_named() -> None:
    ((subject, field, message),) = advice(CONSUMER, AUTOSCALER)

    assert (subject, field) == ("HorizontalPodAutoscaler cpu", "spec.scaleTargetRef")
    assert "is scaled by StreamConsumer payments too" in message


def test_two_consumers_of_one_target_or_of_one_group_are_named() -> None:
    second = copy.deepcopy(CONSUMER)
    second["metadata"]["name"] = "more-payments"

    told = advice(CONSUMER, second)

    assert [(subject, field) for subject, field, _ in told] == [
        ("StreamConsumer more-payments", "spec.scaleTargetRef"),
        ("StreamConsumer more-payments", "spec.group.name"),
    ]
