"""A consumer of the stream `orders` that holds what it reads until a file exists.

Arguments: the server's URL, and the file. Each entry that is done is put into the stream `done`. Its name is POD_NAME, and as a
consumer that came back does, it begins with what it held before. SIGTERM ends it after the entry at hand.
"""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from redis import Redis

URL, GATE = sys.argv[1], Path(sys.argv[2])
NAME = os.environ["POD_NAME"]
over = False


def end(_number: int, _frame: FrameType | None) -> None:
    global over  # noqa: PLW0603  # a signal handler has no other place
    over = True


signal.signal(signal.SIGTERM, end)
client = Redis.from_url(URL, decode_responses=True)
position = "0"
while not over:
    reply: Any = client.xreadgroup("payments", NAME, {"orders": position}, count=1, block=100)
    entries = reply[0][1] if reply else []
    if position == "0" and not entries:
        position = ">"
    for entry_id, fields in entries:
        while not GATE.exists() and not over:
            time.sleep(0.01)
        if over:
            break
        client.xadd("done", fields)
        client.xack("orders", "payments", entry_id)
