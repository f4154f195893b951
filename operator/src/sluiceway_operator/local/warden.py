"""Ends the replicas of an operator that ended without doing so, even by SIGKILL. A program of its own; POSIX only.

Whoever starts a replica writes `+PID` into a pipe, and `-PID` once it is gone. The pipe ends when its writer does, whatever
ended it: what is enrolled by then gets SIGTERM, and SIGKILL if that is not enough. Each replica leads a process group of
its own, which goes as a whole.

It imports nothing but the standard library's smallest, since it runs beside every operator on a laptop.
"""

import os
import signal
import sys
import time

_LOOK_SECONDS = 0.05


def main() -> None:
    """Watch the pipe whose descriptor is the first argument; the second is the seconds between SIGTERM and SIGKILL."""
    descriptor, grace_seconds = int(sys.argv[1]), float(sys.argv[2])
    groups = _until_the_end(descriptor)
    _signal(groups, signal.SIGTERM)
    # a paused process heeds SIGTERM only when it goes on
    _signal(groups, signal.SIGCONT)
    deadline = time.monotonic() + grace_seconds
    while groups and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
        groups = {group for group in groups if _exists(group)}
    _signal(groups, signal.SIGKILL)


def _until_the_end(descriptor: int) -> set[int]:
    """Return the groups that are enrolled when the pipe ends."""
    groups: set[int] = set()
    with open(descriptor, encoding="ascii") as pipe:
        for line in pipe:
            number = int(line[1:])
            if line.startswith("+"):
                groups.add(number)
            else:
                groups.discard(number)
    return groups


def _signal(groups: set[int], number: signal.Signals) -> None:
    for group in groups:
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):  # gone; on macOS also: only a zombie is left
            continue


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
