from typing import Any

from tests.bench.measurement import Measurement
from tests.bench.rows import rows


def measurement(rate: float, **told: Any) -> Measurement:
    return Measurement(events=1000, seconds=1000 / rate, **told)


def test_a_row_has_the_median_of_its_runs_and_its_ratio_to_the_raw_loop() -> None:
    measured = {
        "raw_redis_py": [measurement(90), measurement(100), measurement(900)],
        "publish": [measurement(40), measurement(60), measurement(50)],
    }

    (_, publish) = rows(measured, {"raw_redis_py": {}, "publish": {"work": "all of it"}})

    assert publish["name"] == "publish"
    assert publish["events_per_s"] == 50
    assert publish["ratio_to_raw"] == 0.5
    assert publish["runs"] == [40, 60, 50]
    assert publish["configuration"] == {"work": "all of it"}


def test_without_the_raw_loop_there_is_no_ratio() -> None:
    (publish,) = rows({"publish": [measurement(40)]}, {"publish": {}})

    assert publish["ratio_to_raw"] is None


def test_a_variant_with_outputs_stands_inside_the_row_of_its_name() -> None:
    measured = {"faststream_batch": [measurement(40)], "faststream_batch+output": [measurement(20)]}

    (row,) = rows(measured, {name: {} for name in measured})

    assert row["events_per_s"] == 40
    assert row["with_output"]["events_per_s"] == 20


def test_processor_time_is_told_by_process_and_event() -> None:
    runs = [measurement(100, cpu_seconds={"client": seconds, "server": 0.001}) for seconds in (0.01, 0.03, 0.02)]

    (row,) = rows({"publish": runs}, {"publish": {}})

    assert row["cpu_us_per_event"] == {"client": 20.0, "server": 1.0}


def test_a_chain_also_tells_orders_and_latencies() -> None:
    runs = [measurement(30, orders_per_s=10.0, latency_ms={"p50": p50, "p99": 9.0}) for p50 in (3.0, 1.0, 2.0)]

    (row,) = rows({"chain_http": runs}, {"chain_http": {}})

    assert row["orders_per_s"] == 10
    assert row["latency_ms"] == {"p50": 2.0, "p99": 9.0}
