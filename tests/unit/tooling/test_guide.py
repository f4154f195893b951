"""The guide leaves nothing out: its pages, the public names, the metrics, the lines in the log."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.markdown import links
from tests.support.repository import ROOT

import sluiceway
from sluiceway.metrics import ServiceCollector

GUIDE = ROOT / "docs/guide"
PAGES = {page.name: page.read_text() for page in GUIDE.glob("*.md")}
SDK = ROOT / "services/sdk/src/sluiceway"
LOGGED = {"debug", "info", "warning", "error", "exception"}


def log_lines(source: Path) -> Iterator[str]:
    """Yield what a module writes to the log: the texts of calls such as `self._log.warning("…")`."""
    for node in ast.walk(ast.parse(source.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=logger, attr=level), args=[ast.Constant(value=str(text)), *_]):
                if level in LOGGED and "log" in ast.unparse(logger):
                    yield text


def test_every_page_can_be_reached_from_the_index() -> None:
    reached: set[str] = set()
    to_do = ["index.md"]
    while to_do:
        page = to_do.pop()
        if page in PAGES and page not in reached:
            reached.add(page)
            to_do += [link.partition("#")[0] for link in links(PAGES[page])]

    assert set(PAGES) - reached == set()


@pytest.mark.parametrize("name", sluiceway.__all__)
def test_every_public_name_is_in_the_guide(name: str) -> None:
    assert [page for page, text in PAGES.items() if re.search(rf"\b{name}\b", text)] != []


def test_every_metric_is_explained_and_none_that_does_not_exist() -> None:
    metrics = {
        f"{metric.name}_total" if metric.type == "counter" else metric.name
        for metric in ServiceCollector((), {}).collect()
    }

    explained = re.findall(r"^\| `(sluiceway_\w+)` \|", PAGES["production.md"], re.MULTILINE)

    assert sorted(explained) == sorted(metrics)


def test_every_line_in_the_log_is_explained() -> None:
    lines = {line for module in SDK.rglob("*.py") for line in log_lines(module)}

    assert len(lines) > 15
    assert {line for line in lines if f"`{line}`" not in PAGES["troubleshooting.md"]} == set()
