"""`sluiceway-operator explain --state`: from the file that an operator without a cluster writes."""

import json
from pathlib import Path

import pytest

from sluiceway_operator.cli import main
from sluiceway_operator.explain import account_document
from sluiceway_operator.registry import Resource, ResourceKey
from sluiceway_operator.resource import ReplicasStatus, StreamConsumerSpec, StreamConsumerStatus

SPEC = StreamConsumerSpec.model_validate(
    {
        "redis": {"url": "redis://redis:6379"},
        "stream": "orders",
        "group": {"name": "payments"},
        "scaleTargetRef": {"name": "payments"},
    }
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    resource = Resource(ResourceKey("shop", "payments"), "uid", 1, SPEC)
    status = StreamConsumerStatus(replicas=ReplicasStatus(current=0, desired=0, wanted=0, reason="Idle"))
    (tmp_path / "shop.payments.json").write_text(json.dumps(account_document(resource, status)))
    return tmp_path


def test_it_explains(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["explain", "payments", "--namespace", "shop", "--state", str(state)])

    assert (code, "0 replicas: Idle\n  there has been no work for 10 s" in capsys.readouterr().out) == (0, True)


def test_without_a_namespace_it_is_default(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (state / "shop.payments.json").rename(state / "default.payments.json")

    code = main(["explain", "payments", "--state", str(state)])

    assert (code, "0 replicas: Idle" in capsys.readouterr().out) == (0, True)


def test_it_explains_as_json(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", "payments", "--namespace", "shop", "--state", str(state), "--json"])

    assert json.loads(capsys.readouterr().out)["replicas"]["reason"] == "Idle"


def test_a_name_that_is_not_there_is_answered_by_those_that_are(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["explain", "payment", "--namespace", "shop", "--state", str(state)])

    assert (code, "there is shop.payments" in capsys.readouterr().err) == (1, True)


def test_a_file_that_is_something_else_is_refused(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (state / "shop.other.json").write_text("[]")

    code = main(["explain", "other", "--namespace", "shop", "--state", str(state)])

    assert (code, "cannot be understood" in capsys.readouterr().err) == (1, True)


def test_without_any_cluster_it_says_what_to_give(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["explain", "payments", "--kubeconfig", str(tmp_path / "none")])

    assert (code, "give --kubeconfig, or --state" in capsys.readouterr().err) == (2, True)
