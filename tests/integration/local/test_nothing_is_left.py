"""However an operator ends, its replicas end with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.eventually import eventually
from tests.support.local_replicas import Seen
from tests.support.processes import Program, Programs, gone
from tests.support.repository import ROOT

KEEPER = str(ROOT / "tests/support/programs/keeps_replicas.py")


async def keeper(programs: Programs, seen: Seen, folder: Path, what: str, processes: int = 2) -> Program:
    keeper = programs.start(KEEPER, str(folder), "2", what)
    await keeper.line("kept")
    await eventually(lambda: len(seen.all_pids()) == processes, what=f"{processes} processes")
    return keeper


@pytest.mark.parametrize(("what", "processes"), [("stay", 2), ("deaf", 2), ("brood", 4)])
async def test_an_operator_killed_by_sigkill_leaves_no_replica(
    programs: Programs, tmp_path: Path, what: str, processes: int
) -> None:
    seen = Seen(tmp_path)
    killed = await keeper(programs, seen, tmp_path, what, processes)

    killed.kill()

    for pid in seen.all_pids():
        gone(pid)


async def test_replicas_of_a_killed_operator_are_asked_to_end_first(programs: Programs, tmp_path: Path) -> None:
    seen = Seen(tmp_path)
    killed = await keeper(programs, seen, tmp_path, "stay")

    killed.kill()

    await eventually(lambda: all(seen.told(name) for name in seen.names()), what="SIGTERM to both replicas")


async def test_an_operator_that_is_told_to_end_ends_its_replicas_first(programs: Programs, tmp_path: Path) -> None:
    seen = Seen(tmp_path)
    told = await keeper(programs, seen, tmp_path, "deaf")

    told.terminate()

    await told.exits(0)
    for pid in seen.all_pids():
        gone(pid)
