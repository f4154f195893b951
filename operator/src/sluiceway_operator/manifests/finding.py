"""What is to be said about a manifest."""

from dataclasses import dataclass
from enum import StrEnum

from typing_extensions import override

__all__ = ["Finding", "Severity"]


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or unwise.

    Args:
        severity: `ERROR` if the API server would refuse the object, else `WARNING`.
        file: Where.
        line: Where in it, from 1.
        subject: The object, `Kind name`.
        field: The field with dots, "" for the object as a whole.
        message: What is wrong and what to do.
    """

    severity: Severity
    file: str
    line: int
    subject: str
    field: str
    message: str

    @override
    def __str__(self) -> str:
        field = f" {self.field}:" if self.field else ""
        return f"{self.file}:{self.line}: {self.severity}: {self.subject}:{field} {self.message}"
