"""Replicas as processes: they come, go, come back, and nothing is left of them."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from tests.support.eventually import eventually
from tests.support.local_replicas import Seen, program
from tests.support.processes import gone
from tests.support.workloads_contract import WorkloadsContract

from sluiceway_operator.local import ProcessWorkloads, Program, Replica, ReplicaState
from sluiceway_operator.ports import Target
from sluiceway_operator.resource import ScaleTargetRef

WHATS = ("stay", "deaf", "brood", "crash")


def target(name: str) -> Target:
    return Target("default", ScaleTargetRef(name=name))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "seen"
    folder.mkdir()
    return folder


@pytest.fixture
def seen(folder: Path) -> Seen:
    return Seen(folder)


@pytest_asyncio.fixture
async def workloads(folder: Path, tmp_path: Path) -> AsyncIterator[ProcessWorkloads]:
    """A program for each thing that replicas can do, called like it; those that are deaf are given little time."""
    programs = [program(what, folder, what) for what in WHATS]
    workloads = ProcessWorkloads(programs, logs=tmp_path / "logs", grace_seconds=1.0)
    yield workloads
    await workloads.close()


class ProcessPlace:
    """Targets as processes, for the contract."""

    def __init__(self, folder: Path) -> None:
        self._names = iter(f"target-{secrets.token_hex(4)}" for _ in range(4))
        self._folder = folder
        self._known = [next(self._names) for _ in range(3)]
        self.workloads = ProcessWorkloads([program(name, folder) for name in self._known], logs=folder)

    def missing(self) -> Target:
        return target(next(self._names))

    async def target(self, replicas: int) -> Target:
        made = target(self._known.pop())
        await self.workloads.scale(made, replicas)
        return made


class TestProcessesAsWorkloads(WorkloadsContract):
    @pytest_asyncio.fixture
    async def place(self, folder: Path) -> AsyncIterator[ProcessPlace]:
        place = ProcessPlace(folder)
        yield place
        await place.workloads.close()


async def ready(workloads: ProcessWorkloads, seen: Seen, what: str, count: int) -> list[Replica]:
    """Ask for replicas and wait until each listens to signals."""
    await workloads.scale(target(what), count)
    replicas = workloads.replicas_of(what)
    await eventually(lambda: all(seen.pids(each.name) for each in replicas), what=f"{count} replicas of {what}")
    return replicas


async def left(workloads: ProcessWorkloads, what: str, count: int) -> list[str]:
    await eventually(
        lambda: len(workloads.replicas_of(what)) == count, what=f"only {count} replicas of {what} are left"
    )
    return [each.name for each in workloads.replicas_of(what)]


async def test_each_replica_is_a_process_that_is_told_its_name(workloads: ProcessWorkloads, seen: Seen) -> None:
    replicas = await ready(workloads, seen, "stay", 2)

    assert [seen.pids(each.name) for each in replicas] == [[each.pid] for each in replicas]
    assert {each.name for each in replicas} == {pod.name for pod in await workloads.pods(target("stay"))}


async def test_what_a_replica_says_is_in_a_log_of_its_own(
    workloads: ProcessWorkloads, seen: Seen, tmp_path: Path
) -> None:
    (replica,) = await ready(workloads, seen, "stay", 1)

    log = tmp_path / "logs" / f"{replica.name}.log"
    await eventually(lambda: log.read_text() == f"I am {replica.name}\n")


async def test_a_replica_that_goes_is_asked_to_and_is_a_pod_until_it_has_gone(
    workloads: ProcessWorkloads, seen: Seen
) -> None:
    (replica,) = await ready(workloads, seen, "deaf", 1)
    (pid,) = seen.pids(replica.name)

    await workloads.scale(target("deaf"), 0)

    assert [pod.name for pod in await workloads.pods(target("deaf"))] == [replica.name]
    await eventually(lambda: seen.told(replica.name))
    assert replica.state is ReplicaState.ENDING
    await left(workloads, "deaf", 0)
    assert not psutil.pid_exists(pid)


async def test_who_holds_most_stays(workloads: ProcessWorkloads, seen: Seen) -> None:
    first, second, third = await ready(workloads, seen, "stay", 3)

    await workloads.spare(target("stay"), {first.name: 5, second.name: 0, third.name: 9})
    await workloads.scale(target("stay"), 1)

    assert await left(workloads, "stay", 1) == [third.name]
    assert seen.told(first.name)
    assert seen.told(second.name)


async def test_more_are_asked_for_while_one_is_going(workloads: ProcessWorkloads, seen: Seen) -> None:
    (old,) = await ready(workloads, seen, "deaf", 1)

    await workloads.scale(target("deaf"), 0)
    await workloads.scale(target("deaf"), 1)

    assert len(workloads.replicas_of("deaf")) == 2
    (new,) = await left(workloads, "deaf", 1)
    assert new != old.name


async def test_what_a_replica_has_started_goes_with_it(workloads: ProcessWorkloads, seen: Seen) -> None:
    (replica,) = await ready(workloads, seen, "brood", 1)
    await eventually(lambda: seen.pids(f"{replica.name}-child"))
    (child,) = seen.pids(f"{replica.name}-child")

    await workloads.scale(target("brood"), 0)

    await left(workloads, "brood", 0)
    gone(child)


async def test_a_killed_replica_comes_back_under_its_name(workloads: ProcessWorkloads, seen: Seen) -> None:
    (replica,) = await ready(workloads, seen, "stay", 1)
    (first,) = seen.pids(replica.name)

    os.kill(first, signal.SIGKILL)

    await eventually(lambda: len(seen.pids(replica.name)) == 2, what="the second life of the replica")
    assert replica.state is ReplicaState.RUNNING
    assert replica.restarts == 1
    assert await workloads.replicas(target("stay")) == 1


async def test_a_program_that_ends_by_itself_is_started_again_and_again_and_goes_when_it_is_told_to(
    workloads: ProcessWorkloads, seen: Seen
) -> None:
    await workloads.scale(target("crash"), 1)
    (replica,) = workloads.replicas_of("crash")
    await eventually(lambda: len(seen.pids(replica.name)) >= 2, what="two lives of what crashes")

    await eventually(lambda: replica.state is ReplicaState.WAITING)
    await workloads.scale(target("crash"), 0)

    await left(workloads, "crash", 0)
    lives = len(seen.pids(replica.name))
    assert replica.restarts == lives - 1


async def test_an_end_is_never_seen_twice_also_not_while_the_program_is_being_started_again(
    workloads: ProcessWorkloads, seen: Seen
) -> None:
    await workloads.scale(target("crash"), 1)
    (replica,) = workloads.replicas_of("crash")

    async with asyncio.timeout(60):
        while replica.restarts < 2:
            ends = replica.restarts + (replica.state is ReplicaState.WAITING)
            assert ends <= len(seen.pids(replica.name))
            # at every step of whatever else happens
            await asyncio.sleep(0)


async def test_a_program_that_cannot_be_started_is_tried_again(folder: Path, seen: Seen, tmp_path: Path) -> None:
    later = tmp_path / "later"
    async with AsyncExitStack() as stack:
        workloads = ProcessWorkloads([Program("later", (str(later),))])
        stack.push_async_callback(workloads.close)
        await workloads.scale(target("later"), 1)
        (replica,) = workloads.replicas_of("later")
        await eventually(lambda: replica.state is ReplicaState.WAITING)

        fresh = tmp_path / "fresh"
        fresh.write_text(f"#!/bin/sh\nexec {' '.join(program('later', folder).command)}\n")
        fresh.chmod(0o755)
        fresh.rename(later)

        await eventually(lambda: seen.pids(replica.name), within_seconds=60)
        assert replica.state is ReplicaState.RUNNING


async def test_closing_ends_all_replicas_also_those_that_do_not_listen(workloads: ProcessWorkloads, seen: Seen) -> None:
    await asyncio.gather(*(ready(workloads, seen, what, 2) for what in ("stay", "deaf")))
    pids = seen.all_pids()

    await workloads.close()

    assert len(pids) == 4
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert workloads.replicas_of("stay") == workloads.replicas_of("deaf") == []


async def test_a_warden_that_was_killed_is_replaced_and_ends_nobody(workloads: ProcessWorkloads, seen: Seen) -> None:
    (first,) = await ready(workloads, seen, "stay", 1)
    (warden,) = (each for each in psutil.Process().children() if "warden.py" in " ".join(each.cmdline()))

    warden.kill()
    # not before the system is done with it: until then it passes for one that lives
    await eventually(lambda: warden.status() == psutil.STATUS_ZOMBIE)
    both = await ready(workloads, seen, "stay", 2)

    assert first in both
    assert len([each for each in psutil.Process().children() if "warden.py" in " ".join(each.cmdline())]) == 1
