"""Several operators on a real API server: one of them writes, whatever is killed, paused or asked to go."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.api_server import ApiServer
from tests.support.eventually import eventually
from tests.support.processes import Program, Programs
from tests.support.programs import lease_candidate

SECONDS = 40.0
"""For what takes the time of a Lease on a machine at leisure."""


@dataclass
class Stage:
    """A Deployment and those who want to be the one that scales it."""

    server: ApiServer
    programs: Programs
    name: str

    def candidate(self, identity: str, replicas: int) -> Program:
        """Start an operator that asks for so many replicas while it leads."""
        return self.programs.start(
            str(Path(lease_candidate.__file__)),
            *(str(self.server.kubeconfig), "default", self.name, identity, self.name, str(replicas)),
        )

    def deployment(self) -> dict[str, Any]:
        """The Deployment as it is."""
        found: dict[str, Any] = json.loads(self.server("get", "deployment", self.name, "--output", "json"))
        return found

    def replicas(self) -> int:
        """How many replicas are asked for."""
        return int(self.deployment()["spec"]["replicas"])

    def holder(self) -> str:
        """Who holds the Lease."""
        lease = json.loads(self.server("get", "lease", self.name, "--output", "json"))
        return str(lease["spec"].get("holderIdentity"))


@pytest.fixture
def stage(api_server: ApiServer, programs: Programs) -> Iterator[Stage]:
    name = f"operator-{secrets.token_hex(4)}"
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "localhost/none"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": name, "namespace": "default"}
    api_server.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
    yield Stage(api_server, programs, name)
    api_server("delete", "deployment", name)


async def leading(stage: Stage, identity: str = "one", replicas: int = 1) -> Program:
    program = stage.candidate(identity, replicas)
    await program.line("^leads$", within_seconds=SECONDS)
    return program


async def test_the_first_one_leads_and_the_second_one_waits(stage: Stage) -> None:
    await leading(stage)
    two = stage.candidate("two", 2)
    await two.line("^candidate$")

    renewed = json.loads(stage.server("get", "lease", stage.name, "--output", "json"))["metadata"]["resourceVersion"]
    await eventually(
        lambda: (
            json.loads(stage.server("get", "lease", stage.name, "--output", "json"))["metadata"]["resourceVersion"]
            != renewed
        ),
        within_seconds=SECONDS,
        what="a renewal",
    )

    assert stage.replicas() == 1
    assert stage.holder() == "one"
    assert two.find("leads") is None


async def test_when_the_leader_is_killed_the_other_one_leads(stage: Stage) -> None:
    one = await leading(stage)
    two = stage.candidate("two", 2)
    await two.line("^candidate$")

    one.kill()

    await two.line("^leads$", within_seconds=SECONDS)
    assert stage.replicas() == 2
    assert stage.holder() == "two"


async def test_a_leader_that_is_asked_to_go_hands_over(stage: Stage) -> None:
    one = await leading(stage)
    two = stage.candidate("two", 2)
    await two.line("^candidate$")

    one.terminate()
    await one.exits(0)

    await two.line("^leads$", within_seconds=SECONDS)
    assert stage.replicas() == 2


async def test_an_old_leader_that_was_paused_writes_nothing_when_it_goes_on(stage: Stage) -> None:
    one = await leading(stage)
    two = stage.candidate("two", 2)
    one.pause()
    await two.line("^leads$", within_seconds=SECONDS)
    before = stage.deployment()

    one.resume()
    await one.line("^waits$", within_seconds=SECONDS)

    after = stage.deployment()
    assert after["spec"]["replicas"] == 2
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert two.find("waits") is None
