"""Entry IDs as values that compare as the server compares them."""

from typing import NamedTuple, Self

from typing_extensions import override

__all__ = ["ZERO", "EntryId"]


class EntryId(NamedTuple):
    """Milliseconds and sequence number.

    Example:
        >>> EntryId.read("5-10") > EntryId.read("5-9")
        True
    """

    milliseconds: int
    sequence: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Read `<milliseconds>-<sequence>`.

        Raises:
            ValueError: It is none.
        """
        milliseconds, _, sequence = text.partition("-")
        return cls(int(milliseconds), int(sequence))

    @override
    def __str__(self) -> str:
        return f"{self.milliseconds}-{self.sequence}"


ZERO = EntryId(0, 0)
