import pytest
from tests.bench.document import aims_table, memory_table, rates_table, refreshed, setting_list, soak_table
from tests.support.repository import ROOT

ROWS = [
    {
        "name": "publish",
        "events_per_s": 61234,
        "ratio_to_raw": 0.5,
        "runs": [60000, 61234, 70000],
        "cpu_us_per_event": {"client": 9.31, "server": 5.0},
        "configuration": {"work": "many events a call", "machine": "some processor, 2 cores"},
    },
    {
        "name": "chain_http",
        "events_per_s": 9000,
        "ratio_to_raw": None,
        "runs": [9000],
        "cpu_us_per_event": {"orders": 100.0},
        "configuration": {"load": "POST /orders"},
        "orders_per_s": 3000,
        "latency_ms": {"p50": 5.0, "p99": 21.0},
    },
]


def test_what_stands_between_the_marks_is_replaced_and_nothing_else() -> None:
    text = "before\n<!-- rates:begin (make bench-docs) -->\nold\n<!-- rates:end -->\nafter\n"

    assert refreshed(text, "rates", "new") == (
        "before\n<!-- rates:begin (make bench-docs) -->\nnew\n<!-- rates:end -->\nafter\n"
    )


def test_a_document_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="no place named 'rates'"):
        refreshed("nothing here\n", "rates", "new")


def test_the_document_has_a_place_for_everything_that_is_measured() -> None:
    text = (ROOT / "docs" / "performance.md").read_text()

    for name in ("setting", "rates", "aims", "memory", "soak"):
        assert refreshed(text, name, "new") != text


def test_rates_are_told_with_their_spread_and_their_cost() -> None:
    *_, publish, chain = rates_table(ROWS).splitlines()

    assert publish == ("| `publish` | 61,234 | 60,000 to 70,000 | 0.50 | client 9.3, server 5.0 | many events a call |")
    assert "3,000 orders/s, at 70 % of it p50 5 ms, p99 21 ms" in chain


def test_a_missed_aim_is_told_as_such() -> None:
    table = aims_table(ROWS)

    assert "| publish, events/s | 60,000 | 61,234 | met |" in table
    assert "| chain_http, events/s | 10,000 | 9,000 | **missed** |" in table


def test_the_setting_is_told_once() -> None:
    assert setting_list(ROWS) == "- machine: some processor, 2 cores"


def test_memory_is_told_by_server() -> None:
    server = {
        "server": "redis 7.0.15",
        "bytes_per_entry": 310.5,
        "bytes_per_pending_entry": 80,
        "bytes_per_marker": 72,
        "bytes_per_key": 150,
    }

    table = memory_table(
        {"payload_bytes": 208, "client": {"events": 20000, "bytes_per_event_in_flight": 3600}, "servers": [server]}
    )

    assert "| an entry with a payload of 208 bytes | 310.5 |" in table
    assert "3,600 bytes for each event in flight" in table


def test_a_soak_tells_what_grows() -> None:
    table = soak_table(
        {
            "orders_per_s": 2000,
            "seconds": 300.0,
            "memory": {"orders (RSS)": {"first": 80e6, "last": 99e6, "highest": 99e6, "grows": True}},
        }
    )

    assert "2,000 orders a second for 5 minutes" in table
    assert "| orders (RSS) | 80.0 | 99.0 | 99.0 | **grows** |" in table
