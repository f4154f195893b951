"""`python -m sluiceway`: the same as the command `sluiceway`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
