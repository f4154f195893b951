"""What the entries of one call have in common, told to the script once: where they go and what their fields are called."""

from __future__ import annotations

from collections.abc import Iterable

from ..wire import Fields

__all__ = ["Shapes", "append_arguments"]


class Shapes:
    """The shapes of one call's entries, numbered from 1 as the script numbers them.

    Each argument costs the server about 0.2 µs, much of what an entry costs in all, and half of them would be names.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[object, ...], int] = {}
        self.arguments: list[bytes | int] = []
        """What the script is told of them."""

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, names: tuple[bytes, ...], *place: int) -> int:
        """Return the number of a shape.

        Args:
            names: Names of the fields.
            place: Which of the call's keys the entry goes to, for a script that writes to several.
        """
        shape = (names, *place)
        number = self._numbers.get(shape)
        if number is None:
            number = self._numbers[shape] = len(self._numbers) + 1
            self.arguments += (*place, len(names), *names)
        return number


def append_arguments(entries: Iterable[Fields]) -> list[bytes | str | int]:
    """Return what the scripts that only append (`publish`, `forward`) are told of entries."""
    shapes = Shapes()
    appended: list[bytes | str | int] = []
    for names, values in entries:
        appended.append(shapes.number(names))
        appended += values
    return [len(shapes), *shapes.arguments, *appended]
