"""Why a consumer has the size that it has: inputs, formula, limits, delays and problems, in words and as a document."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sluiceway_operator.decide import Reason
from sluiceway_operator.explain import Account, Note, account_document, explain, explanation_text, read_account
from sluiceway_operator.explain.wording import explanation_document
from sluiceway_operator.registry import Resource, ResourceKey
from sluiceway_operator.resource import StreamConsumerSpec, StreamConsumerStatus

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
BUSY = {
    "observedGeneration": 1,
    "replicas": {"current": 7, "desired": 7, "wanted": 7, "reason": "DrainTime"},
    "backlog": {"lag": 1200, "pending": 80, "accuracy": "Exact", "oldestAgeSeconds": 4, "deadLetters": 2},
    "rates": {"arrivalsPerSecond": 900, "perReplicaPerSecond": 160},
}


def account(
    status: dict[str, Any] | None, *, notes: tuple[Note, ...] = (), generation: int = 1, **scaling: Any
) -> Account:
    """Return an account of payments with a status, and scaling fields of its spec."""
    spec = {
        "redis": {"url": "redis://redis:6379"},
        "stream": "orders",
        "group": {"name": "payments"},
        "scaleTargetRef": {"name": "shop-payments"},
        "scaling": {"maxReplicas": 20, **scaling},
    }
    return Account(
        "shop",
        "payments",
        generation,
        StreamConsumerSpec.model_validate(spec),
        None if status is None else StreamConsumerStatus.model_validate(status),
        notes,
    )


def told(about: Account) -> str:
    return "\n".join(explanation_text(explain(about, NOW), NOW))


def condition(kind: str, status: str, reason: str, message: str = "") -> dict[str, Any]:
    since = (NOW - timedelta(seconds=30)).isoformat()
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": since}


def test_a_busy_consumer_is_explained_by_its_inputs_and_the_formula_with_their_numbers() -> None:
    assert told(account(BUSY)) == (
        "shop/payments: group payments of stream orders, run by Deployment shop-payments\n"
        "\n"
        "7 replicas: DrainTime\n"
        "  the load asks for so many to be worked off in time\n"
        "\n"
        "inputs\n"
        "  backlog      1200 undelivered + 80 in work = 1280\n"
        "  oldest       4 s old\n"
        "  arrivals     900/s\n"
        "  per replica  160/s observed\n"
        "  (dead letters are no backlog: 2)\n"
        "\n"
        "what the load asks for, to work it off within 10 s: (arrivals + backlog / drainSeconds) / capacity\n"
        "  (900/s + 1280 / 10 s) / 160/s = 6.425, rounded up: 7\n"
        "\n"
        "limits\n"
        "  minReplicas 0\n"
        "  maxReplicas 20"
    )


def test_a_capacity_that_was_not_observed_is_called_assumed() -> None:
    status = BUSY | {"rates": {"arrivalsPerSecond": 900}}

    said = told(account(status, initialCapacityPerReplica=40))

    assert "per replica  40/s assumed (initialCapacityPerReplica)" in said
    assert "(900/s + 1280 / 10 s) / 40/s = 25.7" in said


def test_a_handler_slower_than_an_event_a_second_divides_by_no_zero() -> None:
    about = account(BUSY | {"rates": {"arrivalsPerSecond": 0, "perReplicaPerSecond": 0}})

    assert "/ less than 1/s, rounded up: 7" in told(about)
    assert explanation_document(explain(about, NOW))["formulaResult"] is None


def test_a_target_of_backlog_per_replica_has_its_own_formula() -> None:
    said = told(account(BUSY, target={"backlogPerReplica": 200}))

    assert "backlog / backlogPerReplica\n  1280 / 200 a replica = 6.4, rounded up: 7" in said
    assert "arrivals  " not in said


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.STABILIZING, "for 2 now, but for more within the last 45 s"),
        (Reason.HELD_WORK, "a reduction waits for them, 20 s at most"),
        (Reason.IDLE_WAIT, "the last replica goes after 15 s"),
        (Reason.IDLE, "no work for 15 s"),
        (Reason.SERVER_UNREACHABLE, "stay as they are"),
        (Reason.BACKLOG_UNKNOWN, "cannot be counted"),
        (Reason.DRAINED, "one finishes what is in work"),
        (Reason.COLD_START, "until that was observed"),
    ],
)
def test_what_keeps_the_number_from_following_the_load_is_said_with_its_setting(reason: Reason, words: str) -> None:
    status = BUSY | {"replicas": {"current": 7, "desired": 7, "wanted": 2, "reason": reason}}
    down = {"stabilizationSeconds": 45, "idleSeconds": 15, "drainWaitSeconds": 20}

    assert words in told(account(status, scaleDown=down))


def test_every_reason_there_is_has_a_sentence() -> None:
    for reason in Reason:
        status = BUSY | {"replicas": {"current": 1, "desired": 1, "reason": reason}}
        assert explain(account(status), NOW).why


def test_the_limit_that_has_an_effect_is_marked() -> None:
    status = BUSY | {"conditions": [condition("ScalingLimited", "True", "MaxReplicas")]}

    assert "  maxReplicas 20  <- limits it now" in told(account(status))


def test_what_is_recommended_only_is_told_as_that() -> None:
    status = BUSY | {"replicas": {"current": 3, "desired": 7, "wanted": 7, "reason": "DrainTime"}}

    assert "3 replicas, would have (scaling.mode is Recommend) 7" in told(account(status, mode="Recommend"))
    assert "3 replicas, shall have 7" in told(account(status))


def test_paused_says_that_a_person_decides() -> None:
    said = told(account(BUSY, mode="Paused"))

    assert "a person sets the replicas" in said
    assert "what the load asks for" not in said


def test_an_unknown_backlog_is_no_input_of_a_formula() -> None:
    status = BUSY | {
        "backlog": {"lag": 5, "pending": 1, "accuracy": "Unknown"},
        "replicas": {"current": 7, "desired": 7, "reason": "ServerUnreachable"},
        "conditions": [
            condition("Ready", "False", "Timeout", "no answer within 2 s"),
            condition("BacklogKnown", "False", "Timeout", "no answer within 2 s"),
        ],
    }

    said = told(account(status))

    assert "= 6 when it was last known; now it is not" in said
    assert "what the load asks for, to work" not in said
    assert said.endswith("problems\n  Ready is False for 30 s, Timeout: no answer within 2 s")


def test_a_resource_that_nobody_has_looked_at_says_what_to_check() -> None:
    assert "does it run, and does it watch this namespace?" in told(account(None))


def test_a_change_that_was_not_taken_yet_is_a_problem() -> None:
    assert "the spec was changed and the operator has not taken the change yet" in told(account(BUSY, generation=2))


def test_the_latest_changes_come_first_and_other_events_are_left_out() -> None:
    notes = (
        Note(NOW - timedelta(minutes=9), "GroupCreated", "group payments was made"),
        Note(NOW - timedelta(minutes=9), "Scaled", "0 -> 1 replicas"),
        Note(NOW - timedelta(seconds=5), "Scaled", "1 -> 7 replicas"),
    )

    assert told(account(BUSY, notes=notes)).endswith(
        "latest changes\n  5 s ago: 1 -> 7 replicas\n  9 min ago: 0 -> 1 replicas"
    )


def test_where_events_are_gone_the_status_tells_the_latest_change() -> None:
    last = {
        "time": (NOW - timedelta(hours=1)).isoformat(),
        "desiredReplicas": 7,
        "reason": "DrainTime",
        "message": "why",
    }

    assert told(account(BUSY | {"lastDecision": last})).endswith("latest change\n  60 min ago: 7 replicas, why")


def test_an_account_survives_its_way_through_json() -> None:
    before = account(BUSY, notes=(Note(NOW, "Scaled", "0 -> 7 replicas", warning=True),))
    resource = Resource(ResourceKey(before.namespace, before.name), "uid", before.generation, before.spec)

    document = json.loads(json.dumps(account_document(resource, before.status, before.notes)))

    assert read_account(document) == before


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"object": {}, "events": []},
        {"object": None, "events": []},
        {"object": {"metadata": {"name": "x"}, "spec": {}}, "events": []},
    ],
)
def test_what_is_no_account_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"missing|Field required"):
        read_account(document)


def test_the_document_holds_what_the_text_says() -> None:
    document = json.loads(json.dumps(explanation_document(explain(account(BUSY), NOW))))

    assert document["replicas"] == {"current": 7, "desired": 7, "wanted": 7, "reason": "DrainTime"}
    assert document["formula"] == "(900/s + 1280 / 10 s) / 160/s"
    assert document["formulaResult"] == pytest.approx(6.425)
    assert document["limits"] == ["minReplicas 0", "maxReplicas 20"]
