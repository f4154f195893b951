"""What the pages show is the same on every server: one is enough."""

import pytest
from tests.support.servers import SERVERS

from sluiceway.embedded import ServerBinary


@pytest.fixture
def server_binary() -> ServerBinary:
    return SERVERS[0]
