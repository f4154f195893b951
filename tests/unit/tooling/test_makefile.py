"""The Makefile explains itself, and the papers name only commands that it has."""

import re
import subprocess

import pytest
from tests.support.repository import ROOT

CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


def targets() -> set[str]:
    return set(re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE))


def make(*arguments: str) -> str:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_help_lists_every_target_with_a_description() -> None:
    listed = dict(re.findall(r"^  (\S+) +(\S.*)$", make("help"), re.MULTILINE))

    assert set(listed) == targets()
    assert all(listed.values())


def test_every_rule_that_is_not_a_file_is_declared_phony() -> None:
    rules = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert rules == targets()


def test_help_is_what_make_does_when_it_is_told_nothing() -> None:
    assert make() == make("help")


@pytest.mark.parametrize("paper", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/operations/cluster.md"])
def test_every_make_command_in_the_papers_exists(paper: str) -> None:
    code = "\n".join(CODE.findall((ROOT / paper).read_text()))

    named = set(re.findall(r"\bmake ([a-z][a-z0-9-]*)", code))

    assert named - targets() == set()
    assert named


@pytest.mark.parametrize("paper", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"])
def test_every_link_to_a_file_of_the_project_leads_somewhere(paper: str) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", (ROOT / paper).read_text())

    assert [link for link in links if not (ROOT / link).exists()] == []
