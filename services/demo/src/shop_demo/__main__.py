"""``python -m shop_demo``: see ``--help``."""

import asyncio
import json
import signal
import sys
from collections.abc import Sequence

import uvloop

from shop_demo.arguments import Options, parse
from shop_demo.exits import DemoError, Exit
from shop_demo.journal import Journal
from shop_demo.outcome import Outcome
from shop_demo.report import describe
from shop_demo.run import run_demo
from shop_demo.screen import open_screen


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo from the command line.

    Args:
        argv: the arguments without the program's name; ``None`` takes them from ``sys.argv``.

    Returns:
        the exit code; see `Exit`.
    """
    options = parse(argv)
    try:
        outcome = uvloop.run(_run(options))
    except DemoError as error:
        print(f"error: {error}", file=sys.stderr)
        return _without_outcome(options, error.exit_code, str(error))
    except asyncio.CancelledError:
        print("interrupted; everything is stopped and removed", file=sys.stderr)
        return _without_outcome(options, Exit.INTERRUPTED, "interrupted")
    print(json.dumps(outcome.as_json()) if options.json else describe(outcome))
    return int(outcome.exit.value)


async def _run(options: Options) -> Outcome:
    journal = Journal()
    stop_load = asyncio.Event()
    with open_screen(journal, json=options.json) as screen:
        run = asyncio.create_task(run_demo(options, screen, journal, stop_load))
        loop = asyncio.get_running_loop()
        signals = _Signals(options, journal, stop_load, run)
        loop.add_signal_handler(signal.SIGINT, signals.interrupt)
        loop.add_signal_handler(signal.SIGTERM, signals.terminate)
        return await run


class _Signals:
    """What signals do to a run.

    The first Ctrl-C ends the feeding of an endless run, which is then accounted for. Any other ends the run, once: the
    clean-up that follows is not to be interrupted.
    """

    def __init__(
        self, options: Options, journal: Journal, stop_load: asyncio.Event, run: "asyncio.Task[Outcome]"
    ) -> None:
        self._options = options
        self._journal = journal
        self._stop_load = stop_load
        self._run = run

    def interrupt(self) -> None:
        if self._options.orders is None and not self._stop_load.is_set():
            self._journal.note("no more orders; what was accepted is settled first (Ctrl-C again: stop now)")
            self._stop_load.set()
        else:
            self.terminate()

    def terminate(self) -> None:
        if not self._run.cancelling():
            self._journal.note("stopping")
            self._run.cancel()


def _without_outcome(options: Options, code: Exit, text: str) -> int:
    if options.json:
        print(json.dumps({"error": text, "exit_code": code.value}))
    return int(code.value)


if __name__ == "__main__":
    sys.exit(main())
