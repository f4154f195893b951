"""An operator's part that keeps replicas, to be ended in every way.

Arguments: a folder, how many replicas, what they do; see `replica.py`. It ends its replicas on SIGTERM, and says `kept` when
they were asked for.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from sluiceway_operator.local import ProcessWorkloads, Program
from sluiceway_operator.ports import Target
from sluiceway_operator.resource import ScaleTargetRef


async def main() -> None:
    folder, count, what = sys.argv[1:]
    script = Path(__file__).with_name("replica.py")
    workloads = ProcessWorkloads(
        [Program("kept", (sys.executable, "-I", "-S", str(script), folder, what))], grace_seconds=1.0
    )
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    await workloads.scale(Target("default", ScaleTargetRef(name="kept")), int(count))
    sys.stdout.write("kept\n")
    sys.stdout.flush()
    await over.wait()
    await workloads.close()


asyncio.run(main())
