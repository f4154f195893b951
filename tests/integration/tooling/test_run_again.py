"""What runs in a container under `skaffold dev`: the service again whenever it ends, from files that may have changed."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from tests.support.eventually import eventually_sync
from tests.support.repository import ROOT

SCRIPT = (ROOT / "services/run-again.sh").read_text()


def test_a_changed_file_is_run_once_the_service_is_ended_and_sigterm_ends_it_all(tmp_path: Path) -> None:
    (tmp_path / "app/source").mkdir(parents=True)
    (tmp_path / "app/bin").mkdir()
    (tmp_path / "app/source/word.py").write_text("WORD = 'first'\n")
    service = tmp_path / "app/bin/service"
    service.write_text(
        '#!/bin/sh\nexec python3 -B -c "import signal, word; print(word.WORD, flush=True); signal.pause()"\n'
    )
    service.chmod(0o755)
    script = tmp_path / "run-again.sh"
    script.write_text(SCRIPT.replace("/app/", f"{tmp_path}/app/").replace("/dev/shm/", f"{tmp_path}/"))
    said = tmp_path / "said"
    with said.open("w") as out:
        running = subprocess.Popen(["sh", script], stdout=out)
    try:
        eventually_sync(lambda: said.read_text() == "first\n")

        (tmp_path / "source/word.py").write_text("WORD = 'second'\n")
        os.kill(int((tmp_path / "service.pid").read_text()), signal.SIGTERM)

        eventually_sync(lambda: said.read_text() == "first\nsecond\n")
        running.terminate()
        assert running.wait(timeout=20) == 0
    finally:
        running.kill()
        running.wait()
    assert not Path(f"/proc/{(tmp_path / 'service.pid').read_text().strip()}").exists()
