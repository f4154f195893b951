"""The operator's values: wrong ones are refused by their name."""

from __future__ import annotations

import pytest
from tests.support.helm import Chart, Rejected

CHART = Chart("sluiceway")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("--set", "replicas=many"), "/replicas"),
        (("--set", "replica=2"), "replica"),
        (("--set", "watchNamespaces={Orders}"), "/watchNamespaces"),
        (("--set", "watchNamespaces={a,a}"), "/watchNamespaces"),
        (("--set", "watchNamespaces=orders"), "/watchNamespaces"),
        (("--set", "crds.keep=yes"), "/crds/keep"),
        (("--set", "rbac.secrets.names={*}"), "/rbac/secrets/names"),
        (("--set", "rbac.extraTargets[0].group=argoproj.io"), "resource"),
        (("--set", "rbac.extraTargets[0].group=*,rbac.extraTargets[0].resource=rollouts"), "/rbac/extraTargets"),
        (("--set", "image.pullPolicy=Sometimes"), "/image/pullPolicy"),
        (("--set", "image.registry=user@registry.example.com"), "/image/registry"),
        (("--set", "networkPolicy.redisPorts={0}"), "/networkPolicy/redisPorts"),
        (("--set", "resources.limits.memory=lots"), "/resources/limits/memory"),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_a_wrong_value_is_refused_by_name(wrong: tuple[str, ...], message: str) -> None:
    with pytest.raises(Rejected) as refused:
        CHART.template(*wrong)

    assert message in str(refused.value).replace(".", "/").replace("'", "")


def test_an_account_of_somebody_else_has_to_be_named() -> None:
    with pytest.raises(Rejected, match=r"give the name of one that exists as serviceAccount\.name"):
        CHART.template("--set", "serviceAccount.create=false")


def test_the_image_comes_from_the_registry_that_is_named_with_the_secrets_that_are() -> None:
    words = (
        "image.registry=registry.example.com/team/,image.repository=operator,image.tag=1.2.3,imagePullSecrets={login}"
    )
    (deployment,) = [each for each in CHART.template("--set", words) if each["kind"] == "Deployment"]

    pod = deployment["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "registry.example.com/team/operator:1.2.3"
    assert pod["imagePullSecrets"] == [{"name": "login"}]
