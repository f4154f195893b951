"""One defect: an exact replacement in one file, and the tests that must notice it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Mutant", "MutantError"]


class MutantError(Exception):
    """The run says nothing about the promises: a mutant does not fit the code, or a test fails without one."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A defect and its tests.

    Args:
        promise: Number of the promise in docs/guarantees.md that it breaks; 0: a rule of the operator.
        name: Unique, says what is broken (`ack-without-fence`); the word for `make test-mutants ONLY=…`.
        file: Relative to the package, for example `engine/commit.py`.
        old: Text that occurs exactly once in the file.
        new: What stands there instead.
        tests: pytest node IDs, relative to the workspace; at least one of them must fail.
    """

    promise: int
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def changed(self, package: Path) -> str:
        """Return the text of the file with the defect in it, for the package at `package`.

        Raises:
            MutantError: The file is not there, or the old text does not occur exactly once.
        """
        path = package / self.file
        if not path.is_file():
            raise MutantError(
                f"mutant {self.name}: file={self.file!r} is not in the package; name the file it moved to"
            )
        text = path.read_text()
        count = text.count(self.old)
        if count != 1:
            raise MutantError(
                f"mutant {self.name}: its old text occurs {count} times in {self.file}, it must occur exactly once; "
                f"adjust the catalogue to the code: {self.old!r}"
            )
        return text.replace(self.old, self.new)

    def apply(self, package: Path) -> None:
        """Put the defect into the copy of the package at `package`; raises as `changed` does."""
        (package / self.file).write_text(self.changed(package))
