"""Documents whose code blocks are run: what a reader copies is what was seen to work."""

from .blocks import Block, blocks
from .page import NotRun, run_page

__all__ = ["Block", "NotRun", "blocks", "run_page"]
