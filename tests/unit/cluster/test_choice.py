"""Where nodes run, by what the machine has; the container engines are stand-ins that answer or fail."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hack.cluster import Cache, ClusterError, Missing, built
from hack.cluster.choice import home_for

Programs = Callable[..., None]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Make a machine that has only the programs that are named, each with its shell script."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def has(**scripts: str) -> None:
        for name, script in scripts.items():
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o755)

    return has


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_the_published_image_is_used_where_it_can_be_pulled(programs: Programs, cache: Cache, engine: str) -> None:
    programs(**{engine: "exit 0"})

    assert home_for(cache, "test", {}).state == {"nodes": "official", "engine": engine}


def test_a_docker_client_without_its_daemon_is_no_engine(programs: Programs, cache: Cache) -> None:
    programs(docker="exit 1", podman="exit 0")

    assert home_for(cache, "test", {}).state["engine"] == "podman"


def test_where_nothing_can_be_pulled_an_image_is_built_and_what_that_takes_is_named(
    programs: Programs, cache: Cache
) -> None:
    programs(podman="exit 1")

    with pytest.raises(Missing, match=r"lacks .*mmdebstrap.*\n  apt-get install .*mmdebstrap"):
        home_for(cache, "test", {})


def test_without_an_engine_and_without_root_both_ways_are_named(
    programs: Programs, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs()
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    with pytest.raises(Missing, match=r"start Docker, or install podman.*\n  apt-get install"):
        home_for(cache, "test", {})


def test_the_variable_decides_without_a_try(programs: Programs, cache: Cache) -> None:
    programs(docker="exit 0", podman="exit 0")

    with pytest.raises(Missing, match="a node image has to be built here"):
        home_for(cache, "test", {"SLUICEWAY_NODES": "built"})


def test_another_word_in_the_variable_is_refused(programs: Programs, cache: Cache) -> None:
    programs(docker="exit 0")

    with pytest.raises(ClusterError, match="SLUICEWAY_NODES is 'mine': say official, built, or nothing"):
        home_for(cache, "test", {"SLUICEWAY_NODES": "mine"})


def test_somebody_who_is_not_root_is_told_that_building_takes_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    assert built.missing()[0] == "root"
