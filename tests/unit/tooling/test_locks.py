"""The locks give an exact, hashed version of all that the pyproject files ask for: else `make lock` has to be run."""

from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.support.locks import asked_by_group, asked_by_member, member_names, read_lock
from tests.support.repository import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
MEMBERS = member_names(ROOT)
# shop-events asks for nothing but the SDK; its lock would be the SDK's
LOCKED_MEMBERS = [name for name, path in MEMBERS.items() if path.parent.name != "shop-events"]
GROUPS = {"dev": "dev.txt", "bench": "bench.txt", "build": "build.txt", "tools": "uv.txt"}


def lock_of(member: str) -> Path:
    return ROOT / "requirements" / f"{MEMBERS[member].parent.name}.txt"


def asked(member: str, extras: Iterable[str] | None = None) -> list[Requirement]:
    """What a member asks for with the given extras (None: all), and what the members that it uses ask for."""
    own = asked_by_member(MEMBERS[member], extras)
    used = {canonicalize_name(one.name): one.extras for one in own if canonicalize_name(one.name) in MEMBERS}
    return [*own, *(requirement for name, wanted in used.items() for requirement in asked(name, wanted))]


def unsatisfied(requirements: list[Requirement], lock: Path) -> list[str]:
    pins = read_lock(lock)
    missing = []
    for requirement in requirements:
        name = canonicalize_name(requirement.name)
        if name in MEMBERS:
            continue
        if name not in pins or not requirement.specifier.contains(pins[name].version, prereleases=True):
            missing.append(str(requirement))
    return missing


def needed_here(requirements: list[Requirement]) -> set[str]:
    """The names of all that the requirements bring along on this machine, as the installed packages tell."""
    seen: set[tuple[str, str]] = set()
    todo = [(requirement, "") for requirement in requirements]
    while todo:
        requirement, extra_of_parent = todo.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra_of_parent}):
            continue
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                todo += [(Requirement(text), extra) for text in distribution(name).requires or []]
    return {name for name, _ in seen} - set(MEMBERS)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_an_exact_version_and_hashes(lock: Path) -> None:
    pins = read_lock(lock)

    assert [name for name, pin in pins.items() if not pin.version or not pin.hashes] == []
    assert all(one.startswith("sha256:") for pin in pins.values() for one in pin.hashes)
    assert pins


@pytest.mark.parametrize("group", GROUPS)
def test_a_dependency_groups_lock_satisfies_it(group: str) -> None:
    assert unsatisfied(asked_by_group(ROOT / "pyproject.toml", group), ROOT / "requirements" / GROUPS[group]) == []


@pytest.mark.parametrize("member", MEMBERS)
def test_the_developers_lock_satisfies_every_member(member: str) -> None:
    assert unsatisfied(asked_by_member(MEMBERS[member]), ROOT / "requirements/dev.txt") == []


@pytest.mark.parametrize("member", LOCKED_MEMBERS)
def test_a_members_own_lock_satisfies_it(member: str) -> None:
    assert unsatisfied(asked(member), lock_of(member)) == []


@pytest.mark.parametrize("member", LOCKED_MEMBERS)
def test_a_members_own_lock_is_complete_for_this_machine(member: str) -> None:
    assert needed_here(asked(member)) - set(read_lock(lock_of(member))) == set()


@pytest.mark.parametrize("member", LOCKED_MEMBERS)
def test_a_members_own_lock_agrees_with_the_developers(member: str) -> None:
    tested = read_lock(ROOT / "requirements/dev.txt")

    differing = {name for name, pin in read_lock(lock_of(member)).items() if name not in tested or tested[name] != pin}

    assert differing == set()
