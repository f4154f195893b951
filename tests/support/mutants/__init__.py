"""Seeded defects: break one promise at a time in a copy of the SDK and see its tests fail.

A mutant that no test notices has survived: the promise is written down, but nothing holds it.
"""

from .mutant import Mutant, MutantError
from .run import Result, Target, run_mutants
from .table import table

__all__ = ["Mutant", "MutantError", "Result", "Target", "run_mutants", "table"]
