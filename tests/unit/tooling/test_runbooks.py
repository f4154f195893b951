"""The commands of this project that runbooks begin with are understood by it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.repository import ROOT

_VALUES = {
    "URL": "redis://127.0.0.1:1",
    "STREAM": "orders",
    "GROUP": "payments",
    "NAMESPACE": "shops",
    "NAME": "payments",
}
COMMANDS = sorted(
    {
        line.strip()
        for page in (ROOT / "docs/operations/runbooks").glob("*.md")
        for line in page.read_text().splitlines()
        if line.startswith("    sluiceway")
    }
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_understood(command: str, tmp_path: Path) -> None:
    """Nobody answers, which is said with another code than that of wrong usage."""
    program, *words = re.sub("|".join(_VALUES), lambda found: _VALUES[found[0]], command).split()
    elsewhere = {"KUBECONFIG": str(tmp_path / "none"), "HOME": str(tmp_path)}

    ended = subprocess.run(
        [Path(sys.prefix) / "bin" / program, *words],
        capture_output=True,
        text=True,
        env=elsewhere,
        check=False,
        timeout=60,
    )

    assert ended.returncode != 0
    assert "usage:" not in ended.stderr


def test_there_are_such_commands() -> None:
    assert {command.split()[0] for command in COMMANDS} == {"sluiceway", "sluiceway-operator"}
