"""A replica to be looked at: says that it runs, and ends as it is told by its arguments.

Arguments: a folder, and what to do: `stay` (end on SIGTERM), `deaf` (ignore it), `brood` (stay, with a child that is deaf),
`crash` (end at once with code 3).

It writes `<POD_NAME>.<PID>` into the folder when it is ready for signals, and `<POD_NAME>.told` when it got SIGTERM.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

FOLDER, WHAT = Path(sys.argv[1]), sys.argv[2]
NAME = os.environ["POD_NAME"]


def told(_number: int, _frame: FrameType | None) -> None:
    (FOLDER / f"{NAME}.told").touch()
    if WHAT != "deaf":
        sys.exit(0)


signal.signal(signal.SIGTERM, told)
if WHAT == "brood":
    subprocess.Popen([sys.executable, __file__, str(FOLDER), "deaf"], env={**os.environ, "POD_NAME": f"{NAME}-child"})
(FOLDER / f"{NAME}.{os.getpid()}").touch()
sys.stdout.write(f"I am {NAME}\n")
sys.stdout.flush()
if WHAT == "crash":
    sys.exit(3)
while True:
    time.sleep(60)
