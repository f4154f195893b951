"""The fixtures of tests with an API server, and the time that such tests have."""

from pathlib import Path

import pytest
from tests.support.api_server import api_server  # noqa: F401 - a fixture
from tests.support.operated import stage  # noqa: F401 - a fixture
from tests.support.sentinels import watched  # noqa: F401 - a fixture


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bound the tests themselves: on a new machine their fixture waits for the server's build."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(60, func_only=True))
