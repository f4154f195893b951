"""What a committed file must not say: where packages are downloaded from, and paths of one machine."""

import os
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

import pytest
from tests.support.repository import committed_texts

# in pieces, so that this file does not name them either
PUBLIC_HOSTS = [
    ".".join(pieces)
    for pieces in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
    )
]
INDEX_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL")
MACHINE_PATH = re.compile(r"(?<![\w.~}])/(?:work|root|tmp|home/\w+|Users/\w+)/[\w.-]+")


def package_hosts() -> list[str]:
    """The public registries, and whatever this machine uses in their place."""
    urls = [url for name in INDEX_VARIABLES for url in os.environ.get(name, "").split()]
    return PUBLIC_HOSTS + [host for url in urls if (host := urlsplit(url).hostname)]


def lines_with(pattern: re.Pattern[str], texts: dict[str, str]) -> Iterable[str]:
    for name, text in texts.items():
        for number, line in enumerate(text.splitlines(), start=1):
            if pattern.search(line):
                yield f"{name}:{number}: {line.strip()[:160]}"


def test_no_committed_file_names_a_package_registrys_host() -> None:
    pattern = re.compile("|".join(re.escape(host) for host in package_hosts()))

    assert list(lines_with(pattern, committed_texts())) == []


def test_no_committed_file_holds_a_path_of_one_machine() -> None:
    assert list(lines_with(MACHINE_PATH, committed_texts())) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("cd /" + "work/main", True),
        ("'/" + "tmp/data'", True),
        ("/" + "home/ada/x", True),
        ("tests/support/tmp/x", False),
        ("GET /orders/7", False),
    ],
)
def test_a_path_of_one_machine_is_told_from_other_paths(line: str, found: bool) -> None:  # noqa: FBT001
    assert bool(MACHINE_PATH.search(line)) is found


def test_what_git_ignores_is_really_left_out() -> None:
    texts = committed_texts()

    assert "README.md" in texts
    assert not any(name == "uv.lock" or name.startswith((".venv/", ".tools/", "dist/")) for name in texts)
