"""Runs the test tiers one command at a time and closes with a table: `python -m tests.support.tiers --help`."""

from .outcome import Counts, Outcome
from .report import closing
from .run import run_phases
from .tier import Gap, Need, Tier
from .verdict import problems

__all__ = ["Counts", "Gap", "Need", "Outcome", "Tier", "closing", "problems", "run_phases"]
