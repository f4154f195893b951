"""The fixtures of tests with a cluster, the time that such tests have, and what a failed one's namespace looked like."""

from collections.abc import Generator
from pathlib import Path

import pytest
from tests.support.kubernetes import Kubectl, cluster, images, namespace  # noqa: F401 - fixtures

_SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bound the tests themselves: on a new machine their fixtures wait for builds as long as the tier may last."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_SECONDS, func_only=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and report.when in {"setup", "call"}:
        used = [each for each in getattr(item, "funcargs", {}).values() if isinstance(each, Kubectl)]
        for kubectl in {each.namespace: each for each in used}.values():
            report.sections += [(f"{title} in {kubectl.namespace}", text) for title, text in kubectl.describe()]
    return report
