"""Whatever a document points to is there."""

from pathlib import PurePosixPath
from posixpath import normpath

import pytest
from tests.support.markdown import anchors, links
from tests.support.repository import ROOT, committed_texts

TEXTS = {name: text for name, text in committed_texts().items() if name.endswith(".md")}


def broken(name: str) -> list[str]:
    """The relative links of a document that lead nowhere."""
    return [
        link
        for link in links(TEXTS[name])
        if "://" not in link and not link.startswith("mailto:") and not leads(name, link)
    ]


def leads(name: str, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = normpath(PurePosixPath(name).parent / path) if path else name
    if not (ROOT / target).exists():
        return False
    return not anchor or (target in TEXTS and anchor in anchors(TEXTS[target]))


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_link_of_a_document_leads_somewhere(name: str) -> None:
    assert broken(name) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# What `publish` returned\n## What `publish` returned", {"what-publish-returned", "what-publish-returned-1"}),
        ("## 2. One step, once: so it is", {"2-one-step-once-so-it-is"}),
        ("```\n# a comment in code\n```", set()),
    ],
)
def test_anchors_are_those_of_github(text: str, found: set[str]) -> None:
    assert anchors(text) == found


def test_links_in_code_are_none() -> None:
    assert links("[one](a.md#b), `[two](c.md)`\n```\n[three](d.md)\n```\n[four](e.md)") == ["a.md#b", "e.md"]
