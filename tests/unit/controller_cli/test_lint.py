"""`sluiceway-operator lint`: what it says of manifests, where, and with which exit code."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.repository import ROOT

from sluiceway_operator.cli import main

GOOD = (ROOT / "k8s/samples/payments.yaml").read_text()


def lint(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Run the command; return its exit code and all that it said."""
    code = main(["lint", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out + said.err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "consumers.yaml"


@pytest.mark.parametrize("sample", sorted((ROOT / "k8s/samples").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_samples_are_right(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = lint(capsys, sample)

    assert (code, said) == (0, "1 StreamConsumer, 0 errors, 0 warnings\n")


def test_an_error_is_told_with_file_line_object_field_and_value(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("# one line more\n" + GOOD.replace("maxReplicas: 20", "maxReplicas: 0"))

    code, said = lint(capsys, file)

    line = next(at for at, text in enumerate(file.read_text().splitlines(), 1) if "maxReplicas" in text)
    assert code == 1
    assert (
        f"{file}:{line}: error: StreamConsumer payments: spec.scaling.maxReplicas: "
        "0 is wrong, input should be greater than or equal to 1\n1 StreamConsumer, 1 error, 0 warnings"
    ) in said


def test_what_is_missing_is_told_where_it_should_stand(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD.replace("group: {name: payments}", "group: {}"))

    code, said = lint(capsys, file)

    line = next(at for at, text in enumerate(file.read_text().splitlines(), 1) if "group:" in text)
    assert (code, f":{line}: error: StreamConsumer payments: spec.group.name: is required" in said) == (1, True)


def test_all_that_is_wrong_is_told_at_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = GOOD.replace("stream: orders", "strem: orders").replace("drainSeconds: 10", "drainSeconds: soon")
    file.write_text(bad)

    _, said = lint(capsys, file)

    assert "spec.strem: there is no such field" in said
    assert "spec.stream: is required" in said
    assert 'spec.scaling.target.drainSeconds: "soon" is wrong' in said
    assert "3 errors" in said


def test_objects_of_other_kinds_are_left_alone_and_those_of_a_list_are_found(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = [yaml.safe_load(GOOD), {"apiVersion": "v1", "kind": "Service", "metadata": {}}]
    file.write_text(
        yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": items}) + "---\n---\nkind: ConfigMap\n"
    )

    assert lint(capsys, file) == (0, "1 StreamConsumer, 0 errors, 0 warnings\n")


def test_a_file_that_is_no_yaml_is_an_error_on_its_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("spec:\n  a: 1\n  a: 2\n")

    code, said = lint(capsys, file)

    assert (code, f"{file}:3: error: file: key 'a' stands there twice" in said) == (1, True)


def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = lint(capsys, tmp_path / "none.yaml")

    assert (code, "none.yaml cannot be read: No such file or directory" in said) == (2, True)


def test_standard_input_is_read_where_a_dash_stands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("kind: StreamConsumer\napiVersion: sluiceway.dev/v1\nspec: {}\n"))

    code, said = lint(capsys, "-")

    assert code == 1
    assert "standard input:2: error: StreamConsumer (no name): apiVersion: 'sluiceway.dev/v1' is not served" in said


def test_findings_as_json_hold_the_same(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD.replace("maxReplicas: 20", "maxReplicas: 0"))

    code, said = lint(capsys, "--json", file)

    document: dict[str, Any] = json.loads(said)
    assert code == 1
    assert document["streamConsumers"] == 1
    assert [(each["severity"], each["field"]) for each in document["findings"]] == [
        ("error", "spec.scaling.maxReplicas")
    ]
