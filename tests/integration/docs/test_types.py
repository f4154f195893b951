"""What a reader copies from the guide passes a strict type checker."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.repository import ROOT
from tests.support.snippets import blocks


def programs(page: Path, folder: Path) -> None:
    """Write a page's Python into a folder: its one program, each line where it is on the page, and the files it saves."""
    text = page.read_text()
    program = [""] * text.count("\n")
    for block in blocks(text):
        if block.language != "python" or block.not_run:
            continue
        lines = block.text.splitlines()
        if block.file:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text("\n" * (block.line - 1) + block.text)
        else:
            program[block.line - 1 : block.line - 1 + len(lines)] = lines
    if any(program):
        (folder / f"{page.stem.replace('-', '_')}_page.py").write_text("\n".join(program) + "\n")


@pytest.mark.timeout(300)  # one run of the type checker a page
def test_the_python_of_every_page_is_typed(tmp_path: Path) -> None:
    told = []
    for page in sorted((ROOT / "docs/guide").glob("*.md")):
        folder = tmp_path / page.stem
        folder.mkdir()
        programs(page, folder)
        if any(folder.iterdir()):
            told.append(check(folder))

    assert [each for each in told if each] == []


def check(folder: Path) -> str:
    """Return what mypy has to say, or nothing if all is well."""
    ended = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "--no-error-summary", "."],
        cwd=folder,
        env={"MYPYPATH": str(folder), "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{folder.name}: {ended.stdout}{ended.stderr}" if ended.returncode else ""
