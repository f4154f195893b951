"""`python -m sluiceway_operator`: the same as the command `sluiceway-operator`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
