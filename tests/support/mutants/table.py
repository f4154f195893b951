"""The end of a run as a table."""

from __future__ import annotations

from collections.abc import Sequence

from .run import Result

__all__ = ["table"]


def table(results: Sequence[Result]) -> str:
    """Render one line for each mutant, ordered by promise, and a last line with the sums."""
    ordered = sorted(results, key=lambda result: (result.mutant.promise, result.mutant.name))
    width = max([len("mutant"), *(len(result.mutant.name) for result in ordered)])
    lines = [f"{'promise':>7}  {'mutant':<{width}}  {'result':<8}  seconds"]
    lines += [
        f"{result.mutant.promise:>7}  {result.mutant.name:<{width}}  {_word(result):<8}  {result.seconds:>7.1f}"
        for result in ordered
    ]
    killed = sum(result.killed for result in ordered)
    return "\n".join([*lines, "", f"{killed} killed, {len(ordered) - killed} survived"])


def _word(result: Result) -> str:
    return "killed" if result.killed else "SURVIVED"
