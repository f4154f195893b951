"""Programs that tests start are watched, and never outlive their test."""

import signal
import time

import pytest
from tests.support.processes import Programs, gone

FOREVER = "import signal\nprint('ready')\nwhile True: signal.pause()\n"


async def test_a_line_is_awaited_and_its_parts_are_returned(programs: Programs) -> None:
    program = programs.script("import time\ntime.sleep(0.1)\nprint('listening on port 8080')\ninput()\n")

    match = await program.line(r"port (\d+)")

    assert match[1] == "8080"


async def test_lines_that_are_json_objects_are_records(programs: Programs) -> None:
    program = programs.script(
        "import json\nprint('hello')\nprint(json.dumps({'event': 'started', 'port': 1}))\nprint(3)\n"
    )

    await program.exits()

    assert program.records == [{"event": "started", "port": 1}]
    assert program.lines[0] == "hello"


async def test_a_program_that_ends_without_the_line_fails_at_once_and_shows_what_it_wrote(programs: Programs) -> None:
    program = programs.script("raise SystemExit('no such stream')")
    began = time.monotonic()

    with pytest.raises(AssertionError, match=r"(?s)exit code 1.*no such stream"):
        await program.line("ready", within_seconds=60)

    assert time.monotonic() - began < 30


async def test_a_missing_line_fails_after_the_deadline_and_names_what_was_awaited(programs: Programs) -> None:
    program = programs.script(FOREVER)
    await program.line("ready")

    with pytest.raises(AssertionError, match=r"not within 0\.1 s: a line like 'steady'"):
        await program.line("steady", within_seconds=0.1)


async def test_another_exit_code_than_expected_fails(programs: Programs) -> None:
    program = programs.script("import sys; sys.exit(3)")

    with pytest.raises(AssertionError, match="expected exit code 0"):
        await program.exits(0)


async def test_sigkill_and_sigterm_end_it(programs: Programs) -> None:
    killed, terminated = programs.script(FOREVER), programs.script(FOREVER)
    await killed.line("ready")
    await terminated.line("ready")

    killed.kill()
    terminated.terminate()

    await killed.exits(-signal.SIGKILL)
    await terminated.exits(-signal.SIGTERM)


async def test_a_paused_program_does_nothing_until_it_is_resumed(programs: Programs) -> None:
    program = programs.script(
        "import signal\nsignal.signal(signal.SIGUSR1, lambda *_: print('got it', flush=True))\n" + FOREVER
    )
    await program.line("ready")
    program.pause()
    program._process.send_signal(signal.SIGUSR1)
    with pytest.raises(AssertionError):
        await program.line("got it", within_seconds=0.2)

    program.resume()

    await program.line("got it")


async def test_memory_beyond_the_limit_is_refused(programs: Programs) -> None:
    program = programs.script("x = b'x' * 500_000_000", memory_limit_bytes=300_000_000)

    await program.exits(1)

    assert "MemoryError" in program.output


async def test_clearing_away_kills_programs_and_what_they_started(programs: Programs) -> None:
    program = programs.script(
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
        "print('child', child.pid)\n"
        "child.wait()\n"
    )
    child = int((await program.line(r"child (\d+)"))[1])

    programs.clear_away()

    gone(program.pid)
    gone(child)
