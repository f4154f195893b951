"""The README's five-minute tour, command by command, with only its port exchanged."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.eventually import eventually_sync
from tests.support.http import get
from tests.support.repository import ROOT
from tests.support.tour import Step, tour_steps

from sluiceway.embedded.ports import free_port

STEPS = tour_steps((ROOT / "README.md").read_text())
THE_PORTS = ("8080", "6390")
"""Of the shop and of its server."""
# what a `make` above this test has set for itself
CLEAN = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}


@dataclass(frozen=True)
class Shop:
    """The shop that the tour's background step started."""

    process: subprocess.Popen[bytes]
    ports: tuple[int, ...]
    log: Path

    def run(self, step: Step) -> str:
        return shell(with_ports(step.commands, self.ports))

    def ready(self) -> bool:
        assert self.process.poll() is None, f"the shop ended:\n{self.log.read_text()}"
        status, _ = get(self.ports[0], "/readyz")
        return status == 200


def shell(commands: str) -> str:
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=ROOT, env=CLEAN, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, f"{commands}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


def with_ports(commands: str, ports: tuple[int, ...]) -> str:
    for the_port, port in zip(THE_PORTS, ports, strict=True):
        commands = commands.replace(the_port, str(port))
    return commands


def group_is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    (step,) = [step for step in STEPS if step.background]
    ports = tuple(free_port() for _ in THE_PORTS)
    log = tmp_path_factory.mktemp("tour") / "shop.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {with_ports(step.commands, ports)}"],
            cwd=ROOT,
            env=CLEAN,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    shop = Shop(process, ports, log)
    try:
        eventually_sync(shop.ready, within_seconds=60, what="the shop is ready", ignoring=(OSError,))
        yield shop
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(60)
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_the_tour_has_the_steps_that_these_tests_are_about() -> None:
    assert [step.background for step in STEPS] == [False, True, False, False, False, False, False]


@pytest.mark.timeout(240)
def test_killed_services_and_bad_entries_cost_no_order() -> None:
    account = json.loads(shell(STEPS[0].commands).splitlines()[-1])

    assert account["orders_accepted"] == 2000
    assert (account["lost"], account["duplicate_effects"], account["dead_letters"]) == (0, 0, 5)
    assert account["kills"] >= 3


def test_an_order_is_accepted_and_the_same_key_brings_the_same_order(shop: Shop) -> None:
    first, again = shop.run(STEPS[2]), shop.run(STEPS[3])

    assert first.startswith("HTTP/1.1 202")
    assert json.loads(first.splitlines()[-1])["orderId"] == json.loads(again)["orderId"]


def test_the_way_of_the_order_through_all_services_is_shown(shop: Shop) -> None:
    def whole_flow() -> bool:
        shown = shop.run(STEPS[4])
        return re.search(r"ORDER_CREATED.*PAYMENT_(COMPLETED|FAILED).*NOTIFICATION_SENT", shown, re.DOTALL) is not None

    eventually_sync(whole_flow, within_seconds=60, what="the order's three events")


def test_a_wrong_order_is_refused_by_the_name_of_its_field(shop: Shop) -> None:
    problem = json.loads(shop.run(STEPS[5]))

    assert [error["field"] for error in problem["errors"]] == ["items[0].quantity"]


def test_readiness_metrics_and_the_interface_are_served(shop: Shop) -> None:
    shown = shop.run(STEPS[6])

    assert '"ready": true' in shown
    assert "sluiceway_handled_total" in shown
    assert '"openapi": "3.' in shown


def test_ctrl_c_ends_the_shop_and_leaves_no_process_behind(shop: Shop) -> None:
    os.killpg(shop.process.pid, signal.SIGINT)

    shop.process.wait(60)

    eventually_sync(lambda: group_is_gone(shop.process.pid), what="the end of every process of the shop")
