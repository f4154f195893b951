"""The markers of the tiers, the fixtures of tests/support, and what a failed test's streams looked like."""

from collections.abc import Generator
from pathlib import Path

import pytest
from tests.support.processes import programs  # noqa: F401 - a fixture
from tests.support.proxy import proxy  # noqa: F401 - a fixture
from tests.support.servers import (  # noqa: F401 - fixtures
    SERVERS,
    client,
    name_of,
    own_server,
    require_all_products,
    server,
    server_binary,
    shared_servers,
    start_server,
)
from tests.support.spans import spans  # noqa: F401 - a fixture
from tests.support.stream_report import describe_streams
from tests.support.tls import start_tls_server  # noqa: F401 - a fixture

from sluiceway.embedded import EmbeddedServer

TESTS = Path(__file__).parent


def pytest_configure() -> None:
    require_all_products()


def pytest_report_header() -> str:
    return f"servers: {', '.join(map(name_of, SERVERS)) or 'none'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test the marker of the tier folder that it lies in."""
    for item in items:
        if item.path.is_relative_to(TESTS):
            item.add_marker(item.path.relative_to(TESTS).parts[0])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and report.when == "call":
        for name, used in getattr(item, "funcargs", {}).items():
            if isinstance(used, EmbeddedServer) and used.running:
                report.sections.append((f"streams on {name}", describe_streams(used.url)))
    return report
