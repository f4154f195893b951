"""`python -m sluiceway.embedded`: a server in the foreground until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sluiceway.embedded import EmbeddedServer, EmbeddedServerError

if TYPE_CHECKING:
    from types import FrameType

DATA_DIR = Path(".sluiceway/server")


def main(arguments: list[str] | None = None) -> int:
    """Start a server, print its URL as the first line, and wait for SIGINT or SIGTERM.

    Args:
        arguments: Command line; None: that of the process.

    Returns:
        Exit code: 0 after a signal, 1 if the server could not be started or ended by itself.
    """
    parser = argparse.ArgumentParser(
        prog="python -m sluiceway.embedded", description="Run a local server until Ctrl-C."
    )
    parser.add_argument(
        "--port", type=int, default=6379, help="TCP port on 127.0.0.1; 0: a free one (default: %(default)s)"
    )
    parser.add_argument("--data-dir", type=Path, default=DATA_DIR, help="folder for its data (default: %(default)s)")
    options = parser.parse_args(arguments)

    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with EmbeddedServer(options.data_dir, options.port) as server:
            print(server.url, flush=True)
            print(
                f"{server.binary.product} {server.version}, data in {server.data_dir}; Ctrl-C stops it", file=sys.stderr
            )
            code = server.wait()
            print(f"error: the server ended with exit code {code}\n{server.last_log_lines()}", file=sys.stderr)
    except KeyboardInterrupt:
        return 0
    except EmbeddedServerError as error:
        print(f"error: {error}", file=sys.stderr)
    return 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
