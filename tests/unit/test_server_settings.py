"""What an embedded server is told at its start."""

from pathlib import Path
from typing import Any

import pytest

from sluiceway.embedded.settings import ServerSettings


def rendered(**options: Any) -> list[str]:
    return ServerSettings(**options).render(port=7000, data_dir=Path("data")).splitlines()


def test_by_default_it_listens_on_the_loopback_keeps_its_data_and_never_evicts() -> None:
    lines = rendered()

    assert "bind 127.0.0.1" in lines
    assert "port 7000" in lines
    assert "appendonly yes" in lines
    assert "appendfsync everysec" in lines
    assert "maxmemory-policy noeviction" in lines
    assert not any(line.startswith("requirepass") for line in lines)


def test_options_are_passed_on() -> None:
    lines = rendered(append_only=False, fsync="always", max_memory=1_000_000)

    assert "appendonly no" in lines
    assert "appendfsync always" in lines
    assert "maxmemory 1000000" in lines


def test_extra_lines_come_last_so_that_they_win() -> None:
    assert rendered(extra=["maxmemory 7", "maxclients 5"])[-2:] == ["maxmemory 7", "maxclients 5"]


def test_a_password_cannot_break_out_of_its_line() -> None:
    (line,) = [line for line in rendered(password='a"\nport 1') if line.startswith("requirepass")]

    assert line == r'requirepass "a\x22\x0aport 1"'


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"fsync": "never"}, r"fsync='never': use 'everysec' or 'always'"),
        ({"max_memory": 0}, r"max_memory=0: use a positive number of bytes"),
        ({"extra": "maxclients 5"}, r"extra='maxclients 5': use a sequence of lines"),
    ],
)
def test_a_wrong_option_is_named_with_its_value_and_what_to_use(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises((ValueError, TypeError), match=complaint):
        ServerSettings(**options)
