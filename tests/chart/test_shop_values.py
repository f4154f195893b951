"""The shop's values: all described, all checked, wrong ones refused with their name."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.helm import Chart, Rejected
from tests.support.repository import ROOT

SHOP = Chart("shop")
SCHEMA = json.loads((SHOP.folder / "values.schema.json").read_text())
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


def test_every_value_is_described() -> None:
    lines = (SHOP.folder / "values.yaml").read_text().splitlines()
    bare = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if line.rstrip().endswith(("]", "}", '"')) or line.partition(": ")[2]
        if not before.lstrip().startswith("# --") and "{cpu" not in line and "{memory" not in line
        if not line.lstrip().startswith("#")
    ]

    assert bare == []


def test_the_schema_knows_exactly_the_values_that_there_are() -> None:
    assert set(schema_paths(SCHEMA)) == set(value_paths(SHOP.defaults)) | {"global"}


def test_the_commands_of_the_guide_give_values_that_the_chart_takes() -> None:
    guide = (ROOT / "docs/operations/shop.md").read_text()
    commands = [shlex.split(line) for line in guide.splitlines() if line.startswith(("helm install", "helm upgrade"))]
    assert len(commands) == 3

    for command in commands:
        given = [word for word in command[4:] if word not in {"--wait", "--reuse-values"}]
        before = WITH_SERVER if "upgrade" in command else ()
        assert SHOP.template(*before, *given)


def schema_paths(schema: dict[str, Any], at: str = "") -> Iterator[str]:
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if schema.get("additionalProperties") is False:
        for name, inner in schema["properties"].items():
            yield from schema_paths(inner, f"{at}.{name}".lstrip("."))
    else:
        yield at


def value_paths(values: Any, at: str = "") -> Iterator[str]:
    free = at.rsplit(".", 1)[-1] in FREE_MAPS or at.endswith(("resources.requests", "resources.limits"))
    if isinstance(values, dict) and not (free and at != "server.resources.requests"):
        for name, inner in values.items():
            yield from value_paths(inner, f"{at}.{name}".lstrip("."))
    else:
        yield at


FREE_MAPS = {
    "commonLabels",
    "settings",
    "secretSettings",
    "annotations",
    "podLabels",
    "podAnnotations",
    "nodeSelector",
    "affinity",
}
"""Values whose keys are the user's."""
