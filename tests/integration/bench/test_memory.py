"""`make bench-memory` and `make soak` in small: they work and write what is promised. What they find is not judged here."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.support.repository import ROOT

pytestmark = pytest.mark.timeout(300)


def make(target: str, arguments: str, path: Path) -> tuple[subprocess.CompletedProcess[str], Any]:
    done = subprocess.run(
        ["make", target, f"ARGS={arguments} --json {path}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert path.exists(), done.stdout + done.stderr
    return done, json.loads(path.read_text())


def test_bytes_are_told_for_the_consumer_and_for_each_server(tmp_path: Path) -> None:
    done, figures = make("bench-memory", "--event-ids 2000 --entries 2000 --in-flight 5000", tmp_path / "memory.json")

    assert done.returncode == 0, done.stdout + done.stderr
    # more than its payload, and not another order of magnitude
    assert figures["payload_bytes"] < figures["client"]["bytes_per_event_in_flight"] < 100 * figures["payload_bytes"]
    for server in figures["servers"]:
        assert server["bytes_per_entry"] > figures["payload_bytes"]
        # 16 bytes of an ID, and what a set adds
        assert 16 < server["bytes_per_marker"] < server["bytes_per_key"]


def test_a_soak_tells_how_the_memory_of_every_process_went(tmp_path: Path) -> None:
    _, told = make("soak", "--minutes 0.1 --calibration 200", tmp_path / "soak.json")

    assert set(told["memory"]) == {"orders (RSS)", "payments (RSS)", "notifications (RSS)", "server (used)"}
    assert all(one["highest"] >= one["last"] * 0.9 > 0 for one in told["memory"].values())
    assert told["orders_per_s"] > 0
