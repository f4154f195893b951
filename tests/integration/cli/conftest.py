"""Most of what the command line does is the same on every server, and a process takes a second to start: one server is enough.

A module whose commands meet what differs between servers imports `server_binary` from tests.support.servers.
"""

import pytest
from tests.support.servers import SERVERS

from sluiceway.embedded import ServerBinary


@pytest.fixture
def server_binary() -> ServerBinary:
    return SERVERS[0]
