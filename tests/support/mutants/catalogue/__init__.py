"""Every mutant of the SDK: one module for each promise of docs/guarantees.md, named like it, with a tuple `MUTANTS`."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter

from tests.support.mutants.mutant import Mutant, MutantError

__all__ = ["all_mutants"]


def all_mutants() -> tuple[Mutant, ...]:
    """Return the mutants of all modules in this package, in the order of their promises.

    Raises:
        MutantError: Two mutants share a name.
    """
    modules = sorted(found.name for found in pkgutil.iter_modules(__path__))
    mutants = tuple(mutant for name in modules for mutant in importlib.import_module(f"{__name__}.{name}").MUTANTS)
    twice = [name for name, count in Counter(mutant.name for mutant in mutants).items() if count > 1]
    if twice:
        raise MutantError(f"these names stand for more than one mutant, give each its own: {', '.join(twice)}")
    return mutants
