"""What came out of a tier: how many tests, how many of them failed or were skipped, how long it took."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

__all__ = ["Counts", "Outcome", "closing_line", "count_junit"]

_CLOSING = re.compile(r"^=* ?\d+ \w+(, \d+ \w+)* in [\d.]+s\b.*$")


@dataclass(frozen=True, slots=True)
class Counts:
    """Tests by result; `total` is all of them."""

    total: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def passed(self) -> int:
        """Tests that ran and held."""
        return self.total - self.failed - self.skipped

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.total + other.total, self.failed + other.failed, self.skipped + other.skipped)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one tier.

    Args:
        tier: The tier's name.
        counts: Its tests; commands, where the tier is not one of tests.
        seconds: How long it took.
        failures: One line for each command that failed, empty when all is well.
        closing_lines: The last line of each pytest run, as pytest printed it.
    """

    tier: str
    counts: Counts
    seconds: float
    failures: tuple[str, ...] = ()
    closing_lines: tuple[str, ...] = ()


def count_junit(report: Path) -> Counts:
    """Count the tests in a JUnit XML file; a missing or broken file (pytest died) holds none."""
    try:
        suites = ET.parse(report).iter("testsuite")
    except (OSError, ET.ParseError):
        return Counts()
    return sum((_suite(suite) for suite in suites), Counts())


def _suite(suite: ET.Element) -> Counts:
    def number(name: str) -> int:
        return int(suite.get(name, "0"))

    return Counts(number("tests"), number("failures") + number("errors"), number("skipped"))


def closing_line(lines: Iterable[str]) -> str | None:
    """Find pytest's last word ("12 passed in 3.40s") in its output."""
    return next((line for line in reversed(list(lines)) if _CLOSING.match(line)), None)
