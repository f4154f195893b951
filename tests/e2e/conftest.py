"""The fixtures of tests with a cluster, and the time that such tests have."""

from pathlib import Path

import pytest
from tests.support.kubernetes import cluster, images, namespace  # noqa: F401 - fixtures

_SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bound the tests themselves: on a new machine their fixtures wait for builds as long as the tier may last."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_SECONDS, func_only=True))
