"""What a whole test run does: refuses to test less than required, and shows the streams of a failed test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.processes import Programs

ROOT = Path(__file__).parents[2]
FAILING = """
async def test_that_fails(server, client):
    await client.xadd("orders", {"type": "A"})
    await client.xgroup_create("orders", "payments", id="0")
    raise AssertionError("on purpose")
"""


@pytest.fixture
def pytests() -> Iterator[Programs]:
    """Programs that run in the repository's root, as pytest wants it."""
    programs = Programs(ROOT)
    yield programs
    programs.clear_away()


async def test_a_run_that_requires_everything_fails_without_a_valkey(pytests: Programs) -> None:
    run = pytests.start(
        "-m", "pytest", "tests/unit", "--collect-only", "-q", env={"REQUIRE": "all", "SLUICEWAY_SERVERS": "redis"}
    )

    await run.exits(pytest.ExitCode.USAGE_ERROR)

    assert "REQUIRE=all, but no server of these products: valkey; have: redis-" in run.output


async def test_a_run_that_requires_everything_goes_on_with_both_products(pytests: Programs) -> None:
    run = pytests.start(
        "-m", "pytest", "tests/unit/test_eventually.py", "-q", env={"REQUIRE": "all", "SLUICEWAY_SERVERS": ""}
    )

    await run.exits(pytest.ExitCode.OK)


async def test_a_failed_test_shows_the_streams_of_its_server(pytests: Programs, tmp_path: Path) -> None:
    file = tmp_path / "test_failing.py"
    file.write_text(FAILING)

    run = pytests.start(
        *("-m", "pytest", "-c", "pyproject.toml", "-p", "tests.conftest", "-p", "no:cacheprovider", str(file)),
        env={"REQUIRE": "", "SLUICEWAY_SERVERS": "redis"},
    )

    await run.exits(pytest.ExitCode.TESTS_FAILED)
    assert "streams on server" in run.output
    assert "orders: 1 entries" in run.output
    assert "group payments: lag 1, pending 0" in run.output
