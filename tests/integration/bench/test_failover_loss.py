"""The measurement of what a failover loses, at its smallest."""

import os

import pytest
from tests.support.processes import Programs
from tests.support.repository import ROOT
from tests.support.servers import SERVERS, name_of


@pytest.mark.parametrize("server", [name_of(SERVERS[0])])
async def test_a_failover_is_measured(programs: Programs, server: str) -> None:
    measuring = programs.start(
        "-m", "tests.bench.failover_loss", "--quick", "--server", server,
        env={"PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))},
    )  # fmt: skip

    await measuring.exits(0, within_seconds=100)

    # With a replica waited for, nothing that was acknowledged is lost.
    assert measuring.find(rf"^{server}, 1 failovers a row$")
    assert measuring.find(r"^dies +replicas=1 +[0-9,]+ +0 +0 +[0-9.]+ s$")
