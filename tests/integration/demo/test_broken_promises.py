"""The counters of the demo are no decoration: with a defect in the SDK or in a service they rise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.demo import Finished, run_demo
from tests.support.mutants.mutant import Mutant
from tests.support.mutants.overlay import Overlay, overlay

import sluiceway
from shop_demo.exits import Exit

# Charges take longer than a lease that nobody renews, so entries are taken over while their handlers still run.
SLOW_PROVIDER = {"PAYMENTS_LATENCY_SECONDS": "4"}
NO_RENEWAL = Mutant(
    promise=6,
    name="demo-leases-not-renewed",
    file="engine/leases.py",
    old="while not self._stopping.wait(self._interval * self._share(failing=failing)):",
    new="while False:",
    tests=(),
)
NO_FENCE = Mutant(
    promise=2,
    name="demo-commit-without-fence",
    file="scripts/commit.lua",
    old="elseif redis.call('XACK', stream, group, id) == 1 then",
    new="elseif redis.call('XACK', stream, group, id) >= 0 then",
    tests=(),
)
NO_MARKERS = Mutant(
    promise=3,
    name="demo-commit-without-markers",
    file="scripts/commit.lua",
    old="local is_known = here[index] == 1 or before[index] == 1 or seen[marker]",
    new="local is_known = seen[marker]",
    tests=(),
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    return project


@pytest.fixture
def defective(tmp_path: Path) -> Iterator[Overlay]:
    source = Path(sluiceway.__file__).parent.parent
    with overlay(source, "sluiceway", tmp_path / "overlay") as made:
        yield made


async def run_with(defects: list[Mutant], defective: Overlay, folder: Path, *arguments: str, **env: str) -> Finished:
    for defect in defects:
        defect.apply(defective.package)
    return await run_demo(
        # so many processes that there is always one that takes over, whatever the backlog
        *["--orders", "20", "--rate", "50", "--no-autoscale", "--json"],
        *arguments,
        folder=folder,
        env={**defective.environment, **env},
        python=defective.python,
    )


async def test_handlers_that_run_twice_have_one_effect_behind_the_fence(defective: Overlay, project: Path) -> None:
    finished = await run_with([NO_RENEWAL], defective, project, **SLOW_PROVIDER)

    assert finished.code == Exit.PROVEN, finished
    assert finished.figures["duplicate_effects"] == 0


async def test_without_the_fence_the_same_run_has_duplicates_and_fails(defective: Overlay, project: Path) -> None:
    finished = await run_with([NO_RENEWAL, NO_FENCE, NO_MARKERS], defective, project, **SLOW_PROVIDER)

    assert finished.code == Exit.BROKEN, finished
    assert finished.figures["duplicate_effects"] > 0
    assert finished.figures["lost"] > 0, "a doubled payment is not exactly one settled payment"


async def test_an_acknowledgement_without_outputs_is_counted_as_lost(defective: Overlay, project: Path) -> None:
    outputs_forgotten = Mutant(
        promise=1,
        name="demo-outputs-forgotten",
        file="scripts/commit.lua",
        old="      failure = append(plan, at + 1)\n",
        new="",
        tests=(),
    )

    finished = await run_with([outputs_forgotten], defective, project, "--settle-seconds", "3")

    assert finished.code == Exit.BROKEN, finished
    assert finished.figures["lost"] == 20


async def test_a_provider_that_forgets_its_keys_is_seen_to_charge_twice_when_a_process_is_killed(
    tmp_path: Path,
) -> None:
    # at any moment dozens of charges are under way, half of them already in the provider's books
    careless = {"PAYMENTS_DEDUPLICATE": "false", "PAYMENTS_LATENCY_SECONDS": "0.3", "PAYMENTS_MAX_CALLS": "100"}

    asked = ["--orders", "300", "--rate", "100", "--kill", "--no-autoscale", "--json"]

    finished = await run_demo(*asked, folder=tmp_path, env=careless)

    assert finished.code == Exit.BROKEN, finished
    assert finished.figures["duplicate_effects"] > 0
