"""The verdict of a run, its exit code, its JSON object and its words."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shop_demo.accounting import Account
from shop_demo.exits import Exit
from shop_demo.latency import LatencySummary
from shop_demo.outcome import Outcome
from shop_demo.report import describe

GOOD = Account(
    orders_accepted=100,
    payments_completed=97,
    payments_failed=3,
    notifications_sent=100,
    dead_letters=5,
    lost=0,
    duplicate_effects=0,
)
PROVEN = Outcome(
    account=GOOD,
    latency=LatencySummary(100, 40.04, 90.06, 120),
    post={"before": LatencySummary(50, 2, 9, 10), "outage": LatencySummary(25, 2, 8, 9), "after": LatencySummary()},
    throughput_per_s=48.26,
    seconds=7.31,
    poison=5,
    kills=3,
    outage_seconds=2,
    outage_done=True,
    replicas_max=4,
    autoscaled=True,
)


def test_a_run_that_did_all_it_was_asked_for_is_proven() -> None:
    assert PROVEN.exit is Exit.PROVEN
    assert "PROVEN" in describe(PROVEN)
    assert "exit code" not in describe(PROVEN)


@pytest.mark.parametrize(
    ("outcome", "verdict", "said"),
    [
        (replace(PROVEN, account=replace(GOOD, lost=1)), Exit.BROKEN, "BROKEN: 1 accepted"),
        (replace(PROVEN, account=replace(GOOD, duplicate_effects=2)), Exit.BROKEN, "BROKEN: 2 effects"),
        (replace(PROVEN, account=replace(GOOD, dead_letters=4)), Exit.BROKEN, "BROKEN: 5 undecodable"),
        (replace(PROVEN, account=replace(GOOD, dead_letters=6)), Exit.BROKEN, "but 6 dead letters"),
        (replace(PROVEN, unread=1), Exit.BROKEN, "UNKNOWN: 1 entries"),
        (replace(PROVEN, kills=2, kills_sufficient=False), Exit.KILL_WITHOUT_EFFECT, "Only 2 processes"),
        (replace(PROVEN, refused_in_outage=1), Exit.REFUSED, "1 refused"),
        (replace(PROVEN, given_up=1), Exit.REFUSED, "1 orders were never accepted"),
        (replace(PROVEN, outage_done=False), Exit.INTERRUPTED, "did not happen"),
        (replace(PROVEN, interrupted=True), Exit.INTERRUPTED, "interrupted"),
    ],
)
def test_what_went_wrong_decides_the_exit_code_and_is_said(outcome: Outcome, verdict: Exit, said: str) -> None:
    assert outcome.exit is verdict
    assert said in describe(outcome)
    assert f"exit code {verdict.value}" in describe(outcome)


def test_a_broken_promise_weighs_more_than_a_missed_kill() -> None:
    outcome = replace(PROVEN, account=replace(GOOD, lost=1), kills=0, kills_sufficient=False)

    assert outcome.exit is Exit.BROKEN


def test_the_json_object_has_integers_for_counts_and_milliseconds_for_latencies() -> None:
    figures = json.loads(json.dumps(PROVEN.as_json()))

    assert {key: figures[key] for key in vars_of_account()} == {
        "orders_accepted": 100,
        "payments_completed": 97,
        "payments_failed": 3,
        "notifications_sent": 100,
        "dead_letters": 5,
        "lost": 0,
        "duplicate_effects": 0,
    }
    assert (figures["kills"], figures["replicas_max"]) == (3, 4)
    assert figures["latency_ms"] == {"p50": 40.0, "p99": 90.1, "max": 120}
    assert figures["throughput_per_s"] == 48.3
    assert set(figures["post_latency_ms"]) == {"before", "outage"}


def test_no_kills_asked_for_is_zero_kills_in_the_json_object() -> None:
    assert replace(PROVEN, kills=None).as_json()["kills"] == 0


def test_the_report_tells_how_many_processes_payments_had_and_why() -> None:
    assert "payments 0 to 4, by their backlog" in describe(PROVEN)
    assert "payments 4\n" in describe(replace(PROVEN, autoscaled=False))


def test_the_report_fits_a_terminal() -> None:
    assert max(map(len, describe(PROVEN).splitlines())) <= 80


def test_the_report_shows_the_suspects() -> None:
    outcome = replace(PROVEN, account=replace(GOOD, lost=1), suspects=["order 7: no message"])

    assert "order 7: no message" in describe(outcome)


def vars_of_account() -> list[str]:
    return list(Account.__dataclass_fields__)
