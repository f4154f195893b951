"""`make bench` in small: it works, every row does all of its work, and the file has the shape that is promised."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.bench.contender import BenchError, Program
from tests.support.repository import ROOT

from sluiceway.embedded import EmbeddedServer

pytestmark = pytest.mark.timeout(300)  # a dozen processes, on a machine that may be busy

NAMES = [
    "raw_redis_py",
    "publish",
    "consume_ack_only",
    "consume_full_50",
    "consume_full_256",
    "consume_one_by_one",
    "consume_batch",
    "faststream_single",
    "faststream_batch",
    "chain_http",
    "chain_direct",
]
CHAINS = ("chain_http", "chain_direct")


def bench(arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    command = ["make", "bench", f"ARGS={arguments} --json {path}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    path = tmp_path_factory.mktemp("bench") / "sdk.json"
    # a run that does not process all of its events ends with an error
    done = bench("--quick", path)
    assert done.returncode == 0, done.stdout + done.stderr
    rows: list[dict[str, Any]] = json.loads(path.read_text())
    return rows


def test_every_row_is_there_under_its_name(table: list[dict[str, Any]]) -> None:
    assert [row["name"] for row in table] == NAMES


def test_every_row_tells_its_rate_its_ratio_and_its_runs(table: list[dict[str, Any]]) -> None:
    raw = table[0]["events_per_s"]
    for row in table:
        assert row["events_per_s"] > 0
        assert row["ratio_to_raw"] == pytest.approx(row["events_per_s"] / raw, rel=0.05, abs=0.001)
        assert row["runs"] == [row["events_per_s"]]
        assert row["configuration"]["server"]


def test_the_chains_tell_orders_and_latencies(table: list[dict[str, Any]]) -> None:
    chains = {row["name"]: row for row in table if row["name"] in CHAINS}

    for row in chains.values():
        # three events an order
        assert row["events_per_s"] == pytest.approx(3 * row["orders_per_s"], rel=0.01)
        assert 0 <= row["latency_ms"]["p50"] <= row["latency_ms"]["p99"]
        assert {"orders", "payments", "notifications", "server", "load"} == set(row["cpu_seconds"])


def test_faststream_is_shown_without_and_with_outputs(table: list[dict[str, Any]]) -> None:
    for row in table:
        assert ("with_output" in row) == row["name"].startswith("faststream")


def test_rows_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "sdk.json"

    done = bench("--only publish --runs 2 --scale 0.01", path)

    (row,) = json.loads(path.read_text())
    assert done.returncode == 0, done.stdout + done.stderr
    assert row["name"] == "publish"
    assert len(row["runs"]) == 2


def test_a_run_that_does_not_do_all_of_its_work_is_an_error(server: EmbeddedServer) -> None:
    # the raw loop publishes nothing
    unfaithful = Program(
        "unfaithful",
        "raw_redis_py",
        Path(sys.executable),
        events=100,
        arguments=("--count", "50"),
        outputs_per_event=1,
        configuration={},
    )

    with pytest.raises(BenchError, match="100 were processed, with 0 outputs"):
        unfaithful.run(server, 1.0)


def test_a_run_that_fails_is_an_error(server: EmbeddedServer) -> None:
    broken = Program("broken", "raw_redis_py", Path(sys.executable), 100, ("--count", "many"), 0, {})

    with pytest.raises(BenchError, match="invalid int value"):
        broken.run(server, 1.0)
