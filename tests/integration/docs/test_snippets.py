"""Every code block of the guide and of the README does what the page says."""

from pathlib import Path

import pytest
from tests.support.processes import Programs
from tests.support.repository import ROOT
from tests.support.snippets import NotRun, run_page

from sluiceway.embedded import EmbeddedServer

PAGES = {page: page.read_text() for page in (ROOT / "README.md", *sorted((ROOT / "docs/guide").glob("**/*.md")))}

NOT_RUN = [
    NotRun("README.md", "the demo runs in the tour below, and the tests are what runs this page"),
    *[NotRun("acl.md", "rules, which tests/integration/test_acl.py gives to users")] * 5,
    NotRun(
        "from-faststream.md",
        "FastStream is no dependency of this project; with version 0.7.8 in an environment of its own it ran as shown",
    ),
]


@pytest.mark.timeout(300)  # a page is many short processes
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
async def test_a_page_does_what_it_shows(
    page: Path, server: EmbeddedServer, programs: Programs, tmp_path: Path
) -> None:
    not_run = await run_page(page.name, PAGES[page], tmp_path, programs, server.url)

    assert not_run == [block for block in NOT_RUN if block.page == page.name]


def test_what_is_not_run_is_on_pages_that_exist() -> None:
    assert {block.page for block in NOT_RUN} <= {page.name for page in PAGES}
