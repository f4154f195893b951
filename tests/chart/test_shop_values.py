"""The shop's values: wrong ones are refused by their name."""

from __future__ import annotations

import shlex

import pytest
from tests.support.helm import Chart, Rejected
from tests.support.repository import ROOT

SHOP = Chart("shop")
WITH_SERVER = ("--set", "server.enabled=true")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("--set", "redis.url=http://redis:6379"), "/redis/url"),
        (("--set", "orders.replicas=many"), "/orders/replicas"),
        (("--set", "orders.replicas=-1"), "/orders/replicas"),
        (("--set-string", "orders.service.port=80"), "/orders/service/port"),
        (("--set", "payments.replica=2"), "replica"),
        (("--set", "redis.pasword=x"), "pasword"),
        (("--set", "orders.settings.max-body=1"), "max-body"),
        (("--set", "orders.resources.limits.memory=lots"), "/orders/resources/limits/memory"),
        (("--set", "orders.terminationGracePeriodSeconds=5"), "/orders/terminationGracePeriodSeconds"),
        (("--set", "server.memoryMiB=1Gi"), "/server/memoryMiB"),
        (("--set", "image.pullPolicy=Sometimes"), "/image/pullPolicy"),
        (("--set", "orders.extraEnv[0].nmae=X"), "nmae"),
        (("--set", "server.password=with space"), "/server/password"),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_a_wrong_value_is_refused_by_name(wrong: tuple[str, ...], message: str) -> None:
    with pytest.raises(Rejected) as refused:
        SHOP.template(*WITH_SERVER, *wrong)

    assert message in str(refused.value).replace(".", "/").replace("'", "")


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(
        Rejected, match=r"redis\.url holds a user or a password: put the password into a Secret"
    ) as refused:
        SHOP.template("--set", "redis.url=redis://user:hunter2@redis:6379")

    assert "hunter2" not in str(refused.value)


def test_without_an_event_store_the_way_to_name_one_is_told() -> None:
    with pytest.raises(Rejected, match=r"redis\.url is empty: give the event store's address, for example --set"):
        SHOP.template()


def test_the_commands_of_the_guide_give_values_that_the_chart_takes() -> None:
    guide = (ROOT / "docs/operations/shop.md").read_text()
    commands = [shlex.split(line) for line in guide.splitlines() if line.startswith(("helm install", "helm upgrade"))]
    assert len(commands) == 4

    for command in commands:
        given = [word for word in command[4:] if word not in {"--wait", "--reuse-values"}]
        before = WITH_SERVER if "upgrade" in command else ()
        assert SHOP.template(*before, *given)
