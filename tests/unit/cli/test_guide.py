"""docs/guide/cli.md speaks of every command. That its examples do what it shows is seen in tests/integration/docs."""

from tests.support.repository import ROOT
from tests.support.snippets import blocks
from tests.support.snippets.console import commands

from sluiceway.cli.main import COMMANDS

GUIDE = ROOT / "docs/guide/cli.md"


def test_every_command_has_an_example() -> None:
    consoles = [block.text for block in blocks(GUIDE.read_text()) if block.language == "console"]
    lines = " ".join(command.line for console in consoles for command in commands(console))

    assert [name for name in COMMANDS if f"sluiceway {name} " not in f"{lines} "] == []
    assert [each for each in ("list", "show", "replay", "purge") if f"sluiceway dlq {each} " not in lines] == []
