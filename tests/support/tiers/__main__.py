"""`python -m tests.support.tiers [tier …]`: run them all, or the named ones, and close with the table."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from .catalogue import tiers
from .outcome import Outcome
from .report import closing
from .run import run_phases
from .tier import Tier
from .verdict import problems

ROOT = Path(__file__).parents[3]


def main(arguments: list[str]) -> int:
    known = tiers(ROOT)
    parser = argparse.ArgumentParser(prog="python -m tests.support.tiers", description=__doc__)
    parser.add_argument("tier", nargs="*", help=f"one of {', '.join(tier.name for tier in known)} (default: all)")
    wanted = parser.parse_args(arguments).tier
    unknown = sorted(set(wanted) - {tier.name for tier in known})
    if unknown:
        parser.error(f"no such tier: {', '.join(unknown)}")
    selected = [tier for tier in known if not wanted or tier.name in wanted]
    return asyncio.run(_run(selected, require_all=os.environ.get("REQUIRE") == "all"))


async def _run(selected: list[Tier], *, require_all: bool) -> int:
    outcomes: list[Outcome] = []
    loop = asyncio.get_running_loop()
    work = loop.create_task(
        run_phases(
            [tier for tier in selected if tier.can_run()],
            root=ROOT,
            write=lambda line: print(line, flush=True),
            finished=outcomes.append,
        )
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    interrupted = False
    try:
        await work
    except asyncio.CancelledError:
        interrupted = True
    gaps = [gap for tier in selected for gap in tier.gaps()]
    found = problems(outcomes, gaps, require_all=require_all)
    found += ["interrupted; tiers without numbers did not finish"] if interrupted else []
    print("\n" + closing([tier.name for tier in selected], outcomes, gaps, found), flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
