"""A page that does not do what it shows is found out."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.support.processes import Programs
from tests.support.snippets import NotRun, run_page

from sluiceway.embedded import EmbeddedServer

RunPage = Callable[..., Awaitable[list[NotRun]]]


@pytest.fixture
def run(server: EmbeddedServer, programs: Programs, tmp_path: Path) -> RunPage:
    """Run a page given as lines, in which `~` stands for a fence."""

    async def run_lines(*lines: str) -> list[NotRun]:
        text = "\n".join(line.replace("~", "```") for line in lines) + "\n"
        return await run_page("page.md", text, tmp_path, programs, server.url)

    return run_lines


async def test_blocks_share_a_namespace_a_folder_and_a_server(run: RunPage) -> None:
    left_out = await run(
        *("~python", "import os, pathlib, redis", "x = 41", "~"),
        *("<!-- file: notes/a.txt -->", "~text", "seen", "~"),
        *("~python", "print(x + 1, pathlib.Path('notes/a.txt').read_text().strip())", "~", "", "It prints:", ""),
        *("~text", "42 seen", "~"),
        *("~python", "_ = redis.Redis.from_url(os.environ['SLUICEWAY_REDIS_URL']).xadd('orders', {'a': 'b'})", "~"),
        *(
            "~console",
            "$ cat notes/a.txt",
            "seen",
            "$ sluiceway groups",
            "no group reads: orders",
            "$ exit 3",
            "[exit 3]",
            "~",
        ),
        *("<!-- not run: no such host -->", "~sh", "ssh somewhere", "~"),
        *("~mermaid", "flowchart LR", "~"),
    )

    assert left_out == [NotRun("page.md", "no such host")]


async def test_an_error_that_is_shown_is_as_good_as_any_output(run: RunPage) -> None:
    await run("<!-- fails -->", "~python", "[][1]", "~", "~text", "IndexError: list index out of range", "~")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        pytest.param(
            ("~python", "print(1)", "~", "~text", "2", "~"), "page.md:5: this is what is printed", id="other output"
        ),
        pytest.param(("~python", "print(1)", "~"), "page.md:2: the page does not show", id="output that is not shown"),
        pytest.param(("~python", "1 / 0", "~"), "page.md:2: ZeroDivisionError", id="an error"),
        pytest.param(("<!-- fails -->", "~python", "x = 1", "~"), "page.md:3: does not fail", id="no error"),
        pytest.param(
            ("<!-- fails -->", "~python", "1 / 0", "~"), "page.md:3: the page does not show", id="an error unshown"
        ),
        pytest.param(("~python", "import os; os._exit(1)", "~"), "the process was ended", id="the end of the process"),
        pytest.param(("~console", "$ false", "~"), r"\$ false", id="another exit code"),
        pytest.param(("~console", "$ echo one", "two", "~"), "not there: .'two'", id="other output of a command"),
    ],
)
async def test_what_is_not_as_shown_fails_at_its_line(run: RunPage, lines: tuple[str, ...], told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        await run(*lines)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        pytest.param(("~sh", "true", "~"), "page.md:2: a block of sh is run by nobody", id="another language"),
        pytest.param(("~", "true", "~"), "page.md:2: a block of no language", id="no language"),
        pytest.param(("~text", "1", "~"), "page.md:2: no Python block before it prints this", id="text of nobody"),
        pytest.param(("<!-- background -->", "~console", "$ cat", "~"), "waited for at its --port", id="no port"),
    ],
)
async def test_what_nobody_would_run_is_refused(run: RunPage, lines: tuple[str, ...], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        await run(*lines)
