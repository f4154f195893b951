"""What a page tells to type: the lines of its shell blocks, and the commands within its text."""

from __future__ import annotations

import re
import shlex

from tests.support.repository import ROOT

__all__ = ["commands_of"]

_BLOCK = re.compile(r"^[ ]*```sh\n(?P<text>.*?)^[ ]*```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`(?P<text>[^`\n]+)`")


def commands_of(program: str, *pages: str) -> list[list[str]]:
    """The arguments of a program's commands, each once, in the order of the pages.

    Args:
        program: Its name.
        pages: Names of pages of docs/operations, without `.md`.
    """
    found: dict[str, None] = {}
    for page in pages:
        text = (ROOT / f"docs/operations/{page}.md").read_text()
        for part in (*(block["text"] for block in _BLOCK.finditer(text)), *_INLINE.findall(_BLOCK.sub("", text))):
            lines = part.replace("\\\n", " ").splitlines()
            found |= {line.strip(): None for line in lines if line.strip().startswith(f"{program} ")}
    return [shlex.split(line, comments=True)[1:] for line in found]
