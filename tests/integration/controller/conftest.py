"""The topologies, as fixtures."""

from tests.support.cluster import cluster  # noqa: F401 - a fixture
from tests.support.sentinels import named, watched  # noqa: F401 - fixtures
