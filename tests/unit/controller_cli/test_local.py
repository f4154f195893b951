"""`sluiceway-operator local`: what cannot work is refused at once, with what to give."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from sluiceway_operator.cli import main

PAYMENTS = """\
apiVersion: sluiceway.dev/v1alpha1
kind: StreamConsumer
metadata: {name: payments}
spec:
  redis: {url: "redis://redis:6379"}
  stream: orders
  group: {name: payments}
  scaleTargetRef: {name: payments}
"""
PROGRAM = ("--program", f"payments={sys.executable} -c pass")


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """The command sets the process's logs up, which here go to what is captured of one test."""
    root, configuration = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**configuration)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "payments.yaml"
    file.write_text(PAYMENTS)
    return file


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what the command says when it refuses."""
    code = main(["local", *arguments])

    assert code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("payments", "has no name; write NAME=COMMAND"),
        ("payments=", "has no command"),
        ("payments=there-is-no-such-program", "there is no program 'there-is-no-such-program'"),
        ("payments='", "quote it as for a shell"),
    ],
)
def test_a_program_that_cannot_be_started_is_refused(
    file: Path, program: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["local", str(file), "--program", program])

    assert (ended.value.code, told in capsys.readouterr().err) == (2, True)


def test_a_program_twice_is_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "payments is given twice" in refused(capsys, str(file), *PROGRAM, *PROGRAM)


def test_a_program_that_no_resource_scales_is_refused_with_those_that_there_are(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(capsys, str(file), *PROGRAM, "--program", f"payment={sys.executable} -c pass")

    assert "--program payment: no scaleTargetRef.name in the files is payment; there are: payments" in told


def test_a_wrong_field_is_named_with_its_file_line_and_value(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(f"{PAYMENTS}  scaling: {{maxReplicas: many}}\n")

    told = refused(capsys, str(file), *PROGRAM)

    assert f"{file}:9: error: StreamConsumer payments: spec.scaling.maxReplicas:" in told
    assert "many" in told


def test_files_without_a_resource_are_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("kind: Deployment\n")

    assert f"no StreamConsumer in {file}" in refused(capsys, str(file), *PROGRAM)


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be read: No such file" in refused(capsys, str(tmp_path / "none.yaml"), *PROGRAM)


def test_a_servers_address_that_is_none_is_refused_without_its_password(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = refused(capsys, str(file), *PROGRAM, "--redis-url", "http://me:secret@localhost")
    monkeypatch.setenv("SLUICEWAY_REDIS_URL", "redis://me:secret@localhost:none")
    told_of_variable = refused(capsys, str(file), *PROGRAM)

    assert "--redis-url: it must begin with redis://" in told
    assert "SLUICEWAY_REDIS_URL: host 1 must be HOST or HOST:PORT" in told_of_variable
    assert "secret" not in told + told_of_variable
