"""Every kit test runs on the server in memory and on every real one: they have to agree."""

import pytest
from tests.support.servers import SERVERS, name_of, pristine_server

from sluiceway.embedded import EmbeddedServer, ServerBinary


@pytest.fixture(params=[None, *SERVERS], ids=lambda binary: "memory" if binary is None else name_of(binary))
def redis(request: pytest.FixtureRequest, shared_servers: dict[ServerBinary, EmbeddedServer]) -> str | None:
    """What a kit is given: the URL of an empty server, or None for one in memory."""
    binary: ServerBinary | None = request.param
    return None if binary is None else pristine_server(binary, shared_servers).url
