"""With `autoscaling.enabled` the operator decides how many payments and notifications there are, and nobody else does."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from tests.support.helm import Chart, Manifest, Rejected
from tests.support.network_policies import Pod, allowed, pods_of

from sluiceway_operator.manifests import StreamConsumerManifest, advise, check, is_stream_consumer, read_documents

SHOP = Chart("shop")
ON = ("--set", "server.enabled=true,autoscaling.enabled=true")
EXTERNAL = ("--set", "redis.url=rediss://redis.example.com:6380/2,redis.existingSecret=login,autoscaling.enabled=true")
OPERATOR = Pod({"app.kubernetes.io/name": "sluiceway", "app.kubernetes.io/component": "operator"}, "sluiceway")
SCENARIOS = [path for path in SHOP.scenarios if path.name.startswith("autoscaled")]


def named(manifests: list[Manifest], kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each["spec"] for each in manifests if each["kind"] == kind}


def test_it_is_off_by_default_so_that_the_chart_needs_no_operator() -> None:
    manifests = SHOP.template("--set", "server.enabled=true")

    assert named(manifests, "StreamConsumer") == {}
    assert {spec["replicas"] for spec in named(manifests, "Deployment").values()} == {2}


def test_the_services_that_consume_are_scaled_each_by_its_own_group() -> None:
    consumers = named(SHOP.template(*ON), "StreamConsumer")

    assert {
        name: (spec["stream"], spec["group"]["name"], spec["scaleTargetRef"]["name"])
        for name, spec in consumers.items()
    } == {
        "shop-payments": ("orders", "payments", "shop-payments"),
        "shop-notifications": ("payments", "notifications", "shop-notifications"),
    }


@pytest.mark.parametrize("mode", ["Automatic", "Paused"])
def test_an_upgrade_says_nothing_about_a_number_that_the_operator_or_a_person_decides(mode: str) -> None:
    deployments = named(SHOP.template(*ON, "--set", f"autoscaling.mode={mode}"), "Deployment")

    assert {name for name, spec in deployments.items() if "replicas" in spec} == {"shop-orders"}


def test_a_recommendation_leaves_the_number_of_the_values_in_force() -> None:
    deployments = named(SHOP.template(*ON, "--set", "autoscaling.mode=Recommend"), "Deployment")

    assert {spec["replicas"] for spec in deployments.values()} == {2}


def test_the_operator_logs_in_as_the_services_do() -> None:
    (redis, _) = (spec["redis"] for spec in named(SHOP.template(*EXTERNAL), "StreamConsumer").values())

    assert redis["url"] == "rediss://redis.example.com:6380/2"
    assert redis["credentialsSecretRef"] == {"name": "login", "passwordKey": "password"}


def test_it_reaches_the_server_of_the_chart_from_any_namespace() -> None:
    manifests = SHOP.template(*ON, namespace="shops")
    server = pods_of(manifests, "shops")["server"]
    stranger = Pod({"app": "stranger"}, "sluiceway")

    assert {spec["redis"]["url"] for spec in named(manifests, "StreamConsumer").values()} == {
        "redis://shop-server.shops.svc:6379/0"
    }
    assert allowed(manifests, OPERATOR, server, 6379)
    assert not allowed(manifests, stranger, server, 6379)


def test_without_autoscaling_the_operator_has_no_business_with_the_server() -> None:
    manifests = SHOP.template("--set", "server.enabled=true")

    assert not allowed(manifests, OPERATOR, pods_of(manifests, "shops")["server"], 6379)


def test_a_user_with_few_rights_of_the_services_is_not_the_operators() -> None:
    with pytest.raises(Rejected, match=r"the operator needs a login of its own.*autoscaling\.redis\.existingSecret"):
        SHOP.template(*EXTERNAL, "--set", "redis.username=shop")

    consumers = named(
        SHOP.template(*EXTERNAL, "--set", "redis.username=shop,autoscaling.redis.existingSecret=operator"),
        "StreamConsumer",
    )
    assert {spec["redis"]["credentialsSecretRef"]["name"] for spec in consumers.values()} == {"operator"}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_lint_finds_nothing_to_say_against_what_is_rendered(scenario: Any) -> None:
    rendered = yaml.safe_dump_all(SHOP.template(values=[scenario]))
    documents = list(read_documents(rendered, "rendered"))
    judged = [check(each) for each in documents if is_stream_consumer(each)]
    consumers = [each for each in judged if isinstance(each, StreamConsumerManifest)]

    assert len(consumers) == len(judged) == 2
    assert advise(consumers, documents, handler_seconds=None) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("autoscaling.mode=Off", "/autoscaling/mode"),
        ("autoscaling.payments.maxReplicas=0", "/autoscaling/payments/maxReplicas"),
        ("autoscaling.payments.trim.polcy=Length", "polcy"),
        ("autoscaling.notifications.trim.policy=Everything", "/autoscaling/notifications/trim/policy"),
        ("autoscaling.orders.maxReplicas=2", "orders"),
        ("autoscaling.redis.url=redis://me:hunter2@redis:6379", "/autoscaling/redis/url"),
    ],
)
def test_a_wrong_value_is_refused_by_name(wrong: str, message: str) -> None:
    with pytest.raises(Rejected) as refused:
        SHOP.template(*ON, "--set", wrong)

    assert message in str(refused.value).replace(".", "/").replace("'", "")
