"""The demo follows the operator by the state that it writes, and hides no crash that it did not make."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.eventually import eventually

from shop_demo.autoscaler import Autoscaler, Scale
from shop_demo.background import beside
from shop_demo.exits import DemoError, Exit
from shop_demo.journal import Journal
from shop_demo.observe import ConsumerState

STATUS = {
    "replicas": {"current": 1, "desired": 3},
    "lastDecision": {"reason": "DrainTime", "message": "300 backlog", "desiredReplicas": 3},
}


class Operator:
    """Writes states as the operator does."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def tells(
        self, *replicas: dict[str, Any], status: dict[str, Any] | None = None, events: tuple[str, ...] = ()
    ) -> None:
        """Replace the state."""
        document = {
            "object": {} if status is None else {"status": status},
            "events": [{"time": f"2026-11-24T12:00:0{at}+00:00", "message": event} for at, event in enumerate(events)],
            "replicas": replicas,
        }
        fresh = self._file.with_suffix(".fresh")
        fresh.write_text(json.dumps(document))
        fresh.replace(self._file)

    def ends(self) -> None:
        """Remove the state."""
        self._file.unlink()


def replica(
    name: str, state: str = "running", *, pid: int | None = 4711, restarts: int = 0, last_end: str = ""
) -> dict[str, Any]:
    return {"name": name, "pid": pid, "state": state, "restarts": restarts, "lastEnd": last_end}


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path / "state.json")


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def autoscaler(tmp_path: Path, journal: Journal) -> Autoscaler:
    return Autoscaler(tmp_path / "state.json", tmp_path, service="payments", most=4, journal=journal)


async def test_before_the_operator_has_said_anything_there_is_nothing(autoscaler: Autoscaler) -> None:
    async with beside(autoscaler.follow()):
        await asyncio.sleep(0)

    assert autoscaler.scale == Scale(0, None, 4, "nothing was decided yet")
    assert autoscaler.states() == []


async def test_it_tells_how_many_processes_there_are_how_many_are_wanted_and_why(
    autoscaler: Autoscaler, operator: Operator
) -> None:
    operator.tells(replica("payments-a"), replica("payments-b", "starting", pid=None), status=STATUS)

    async with beside(autoscaler.follow()):
        await eventually(lambda: autoscaler.scale == Scale(1, 3, 4, "DrainTime: 300 backlog"))

    assert [(each.name, each.state) for each in autoscaler.states()] == [
        ("payments-a", "running"),
        ("payments-b", "starting"),
    ]


async def test_it_remembers_the_most_processes_that_ran_at_once(autoscaler: Autoscaler, operator: Operator) -> None:
    async with beside(autoscaler.follow()):
        operator.tells(replica("payments-a"), replica("payments-b"), replica("payments-c", "ending"))
        await eventually(lambda: autoscaler.scale.current == 2)
        operator.ends()
        await eventually(lambda: autoscaler.scale.current == 0)

    assert autoscaler.replicas_max == 2


async def test_each_event_is_noted_once(autoscaler: Autoscaler, operator: Operator, journal: Journal) -> None:
    async with beside(autoscaler.follow()):
        operator.tells(events=("0 -> 1 replicas",))
        await eventually(lambda: len(journal.notes) == 1)
        operator.tells(replica("payments-a"), events=("0 -> 1 replicas", "1 -> 2 replicas"))
        await eventually(lambda: autoscaler.scale.current == 1)

    assert [note.text for note in journal.notes] == ["payments: 0 -> 1 replicas", "payments: 1 -> 2 replicas"]


async def test_a_process_that_ends_by_itself_ends_the_run_with_its_last_lines(
    autoscaler: Autoscaler, operator: Operator, tmp_path: Path
) -> None:
    write(tmp_path / "payments-a.log", "no money left\n")
    operator.tells(replica("payments-a", "waiting", pid=None, last_end="exit code 2"))

    with pytest.raises(DemoError, match=r"payments-a ended by itself \(exit code 2\)[^$]*no money left") as raised:
        await autoscaler.follow()

    assert raised.value.exit_code is Exit.DIED


async def test_a_process_that_was_killed_on_purpose_ends_nothing_once(
    autoscaler: Autoscaler, operator: Operator
) -> None:
    autoscaler.expect_end_of("payments-a")
    operator.tells(replica("payments-a", restarts=1))

    async with beside(autoscaler.follow()):
        await eventually(lambda: autoscaler.scale.current == 1)
    operator.tells(replica("payments-a", restarts=2))

    with pytest.raises(DemoError):
        await autoscaler.follow()


async def test_a_killed_process_is_back_when_it_runs_again(autoscaler: Autoscaler, operator: Operator) -> None:
    autoscaler.expect_end_of("payments-a")
    operator.tells(replica("payments-a", "waiting", pid=None))

    async with beside(autoscaler.follow()):
        await eventually(lambda: len(autoscaler.states()) == 1)
        back = asyncio.create_task(autoscaler.bring_back("payments-a"))
        operator.tells(replica("payments-a", restarts=1))

        assert await back


async def test_a_killed_process_that_the_operator_let_go_does_not_come_back(
    autoscaler: Autoscaler, operator: Operator
) -> None:
    autoscaler.expect_end_of("payments-a")
    operator.tells(replica("payments-a", "waiting", pid=None))

    async with beside(autoscaler.follow()):
        await eventually(lambda: len(autoscaler.states()) == 1)
        back = asyncio.create_task(autoscaler.bring_back("payments-a"))
        operator.tells()

        assert not await back


async def test_none_is_waited_for_and_what_stays_is_told(autoscaler: Autoscaler, operator: Operator) -> None:
    async with beside(autoscaler.follow()):
        operator.tells(replica("payments-a", "ending"))
        await eventually(lambda: len(autoscaler.states()) == 1)
        stays = not await autoscaler.until_none(0.05)
        operator.tells()
        went = await autoscaler.until_none(30)

    assert (stays, went) == (True, True)


async def test_a_process_is_the_consumer_of_its_name(autoscaler: Autoscaler, operator: Operator) -> None:
    operator.tells(replica("payments-a"))
    async with beside(autoscaler.follow()):
        await eventually(lambda: autoscaler.scale.current == 1)

    (process,) = autoscaler.running("payments")

    assert process.consumes_as(ConsumerState("payments-a", pending=1))
    assert not process.consumes_as(ConsumerState("payments-b", pending=1))


def write(file: Path, text: str) -> None:
    file.write_text(text)
