"""The commands of this project on the pages about operating are understood by it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.page_commands import commands_of
from tests.support.repository import ROOT

PAGES = [page.stem for page in (ROOT / "docs/operations").glob("*.md")]
COMMANDS = [
    [program, *words]
    for program in ("sluiceway", "sluiceway-operator")
    for words in commands_of(program, *PAGES)
    # a command's name by itself is only mentioned
    if len(words) > 1
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_is_understood(command: list[str], tmp_path: Path) -> None:
    """No server, no cluster and no file is there, which is said in other words than those about wrong usage."""
    program, *words = command
    elsewhere = {
        "KUBECONFIG": str(tmp_path / "none"),
        "HOME": str(tmp_path),
        "SLUICEWAY_REDIS_URL": "redis://127.0.0.1:1",
    }

    ended = subprocess.run(
        [Path(sys.prefix) / "bin" / program, *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=elsewhere,
        check=False,
        timeout=60,
    )

    assert [word for word in ("usage:", "Traceback") if word in ended.stderr] == []


def test_there_are_commands_to_understand() -> None:
    assert "sluiceway-operator" in {command[0] for command in COMMANDS}
