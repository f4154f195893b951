"""A process that `run` serves spends its time on events, not on looking for cycles."""

from __future__ import annotations

from tests.support.processes import Programs

from sluiceway.garbage import THRESHOLDS

SERVES_ONCE = """
import gc, os, signal
from aiohttp import web
import sluiceway

async def tell(_):
    print("frozen", gc.get_freeze_count() > 0, gc.get_threshold(), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

def app():
    made = web.Application()
    made.on_startup.append(tell)
    return made

sluiceway.run(app, port=0)
"""


async def test_what_is_there_at_the_start_is_left_out_and_the_rest_looked_at_rarely(programs: Programs) -> None:
    program = programs.script(SERVES_ONCE)

    match = await program.line(r"frozen (\w+) \(([\d, ]+)\)")

    assert match[1] == "True"
    assert tuple(map(int, match[2].split(", "))) == THRESHOLDS
    await program.exits(0)
