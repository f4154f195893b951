from typing import Any

from tests.bench.aims import verdicts


def judged(*rows: dict[str, Any]) -> dict[str, bool]:
    return {verdict.aim: verdict.met for verdict in verdicts(rows)}


def test_a_rate_is_held_against_its_aim() -> None:
    assert judged({"name": "publish", "events_per_s": 60_000}) == {"publish, events/s": True}
    assert judged({"name": "publish", "events_per_s": 59_999}) == {"publish, events/s": False}


def test_what_was_not_measured_is_not_judged() -> None:
    assert judged({"name": "raw_redis_py", "events_per_s": 1}) == {}


def test_sluiceway_is_held_against_both_modes_of_faststream() -> None:
    rows = [
        {"name": "consume_full_256", "events_per_s": 60_000},
        {"name": "faststream_single", "events_per_s": 4_001},
        {"name": "faststream_batch", "events_per_s": 41_000, "with_output": {"events_per_s": 20_000}},
    ]

    found = judged(*rows)

    assert found["consume_full_256 / faststream_single, which publishes nothing"] is False
    assert found["consume_full_256 / faststream_batch, which publishes nothing"] is False
    assert found["consume_full_256 / faststream_batch with one output, too"] is True


def test_latencies_of_a_chain_stay_below_their_bound() -> None:
    row = {"name": "chain_http", "events_per_s": 10_000, "latency_ms": {"p50": 5.0, "p99": 50.0}}

    assert judged(row) == {"chain_http, events/s": True, "chain_http, p99 in ms (below)": False}
