"""The state of each resource is a file: whole, as it is now, readable by `explain`, and gone when nobody looks after it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.eventually import eventually
from typing_extensions import override

from sluiceway_operator.explain import read_account
from sluiceway_operator.local import ProcessWorkloads
from sluiceway_operator.local.state import StateFolder
from sluiceway_operator.local.told import ToldReports
from sluiceway_operator.registry import Registry, Resource, ResourceKey
from sluiceway_operator.resource import ReplicasStatus, StreamConsumerSpec, StreamConsumerStatus

SPEC = StreamConsumerSpec.model_validate(
    {
        "redis": {"url": "redis://redis:6379"},
        "stream": "orders",
        "group": {"name": "payments"},
        "scaleTargetRef": {"name": "payments"},
    }
)
PAYMENTS = Resource(ResourceKey("shop", "payments"), "uid", 1, SPEC)
BUSY = StreamConsumerStatus(replicas=ReplicasStatus(current=2, desired=3))


@pytest.fixture
def registry() -> Registry:
    registry = Registry()
    registry.put(PAYMENTS)
    return registry


@pytest.fixture
def reports() -> ToldReports:
    return ToldReports()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "shop.payments.json"


@pytest.fixture
def state(file: Path, registry: Registry, reports: ToldReports) -> StateFolder:
    return StateFolder(file.parent, registry, reports, ProcessWorkloads([]))


def content(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_text())
    return document


def stamp(file: Path) -> tuple[int, int]:
    return file.stat().st_ino, file.stat().st_mtime_ns


def in_the_way(path: Path) -> None:
    path.write_text("a file where a folder should be")


def out_of_the_way(path: Path) -> None:
    path.unlink()


def names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def test_it_is_the_account_that_explain_reads(state: StateFolder, reports: ToldReports, file: Path) -> None:
    await reports.status(PAYMENTS, BUSY)
    await reports.event(PAYMENTS, "Scaled", "2 -> 3 replicas")

    state.write()

    account = read_account(content(file))
    assert (account.namespace, account.name, account.spec, account.status) == ("shop", "payments", SPEC, BUSY)
    assert [note.message for note in account.notes] == ["2 -> 3 replicas"]


def test_before_anything_was_told_there_is_no_status(state: StateFolder, file: Path) -> None:
    state.write()

    document = content(file)
    assert "status" not in document["object"]
    assert (document["events"], document["replicas"]) == ([], [])


async def test_a_file_is_replaced_as_a_whole_and_only_when_something_changed(
    state: StateFolder, reports: ToldReports, file: Path
) -> None:
    state.write()
    first = stamp(file)
    state.write()
    again = stamp(file)
    await reports.status(PAYMENTS, BUSY)
    state.write()

    assert again == first
    assert stamp(file)[0] != first[0]
    assert names(file.parent) == [file.name], "nothing is left of writing"


def test_the_file_of_a_resource_that_is_let_go_is_removed_and_no_other(
    state: StateFolder, registry: Registry, file: Path
) -> None:
    state.write()
    (file.parent / "mine.json").write_text("{}")

    registry.remove(PAYMENTS.key)
    state.write()

    assert names(file.parent) == ["mine.json"]


def test_removing_leaves_what_it_has_not_written(state: StateFolder, file: Path) -> None:
    state.write()
    (file.parent / "mine.json").write_text("{}")

    state.remove()

    assert names(file.parent) == ["mine.json"]


class CountedFolder(StateFolder):
    """Counts how often it is written."""

    tries = 0

    @override
    def write(self) -> None:
        self.tries += 1
        super().write()


async def test_a_folder_that_cannot_be_written_is_told_of_once_and_written_when_it_can_be(
    registry: Registry, reports: ToldReports, file: Path
) -> None:
    in_the_way(file.parent)
    state = CountedFolder(file.parent, registry, reports, ProcessWorkloads([]))

    with capture_logs() as logs:
        writing = asyncio.create_task(state.run())
        await eventually(lambda: state.tries >= 3)
        out_of_the_way(file.parent)
        await eventually(file.exists)
        writing.cancel()

    assert [each["event"] for each in logs] == ["State cannot be written"]
