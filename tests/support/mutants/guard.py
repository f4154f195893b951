"""pytest plugin inside an overlay: refuses to run tests on anything but the overlay's copy.

The overlay puts this file beside its own packages, so it imports nothing of the project. `pythonpath` in a pytest
configuration comes before PYTHONPATH and before every environment; only a look from inside tells.
"""

import importlib.util
import sys
from pathlib import Path

import pytest


def pytest_collection_finish() -> None:
    copy = Path(sys.prefix).parent / "src"
    for package in (entry.name for entry in copy.iterdir() if entry.is_dir()):
        spec = importlib.util.find_spec(package)
        origin = spec.origin if spec else None
        if origin is None or not Path(origin).is_relative_to(copy):
            raise pytest.UsageError(f"the copy of {package} is not what gets imported, but {origin}")
