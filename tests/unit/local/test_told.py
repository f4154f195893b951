"""What the control loop tells is logged once when it matters, and the latest of it is kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from sluiceway_operator.explain import Note
from sluiceway_operator.local.told import ToldReports
from sluiceway_operator.registry import Resource, ResourceKey
from sluiceway_operator.resource import StreamConsumerSpec, StreamConsumerStatus

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
SPEC = StreamConsumerSpec.model_validate(
    {
        "redis": {"url": "redis://redis:6379"},
        "stream": "orders",
        "group": {"name": "payments"},
        "scaleTargetRef": {"name": "payments"},
    }
)
PAYMENTS = Resource(ResourceKey("shop", "payments"), "first", 1, SPEC)
PAYMENTS_MADE_ANEW = Resource(PAYMENTS.key, "second", 1, SPEC)


def ready(status: str, reason: str, message: str = "") -> StreamConsumerStatus:
    condition = {"type": "Ready", "status": status, "reason": reason, "message": message, "lastTransitionTime": NOW}
    return StreamConsumerStatus.model_validate({"conditions": [condition]})


@pytest.fixture
def reports() -> ToldReports:
    return ToldReports(lambda: NOW)


async def test_the_latest_status_is_kept(reports: ToldReports) -> None:
    await reports.status(PAYMENTS, ready("False", "ServerUnreachable"))
    await reports.status(PAYMENTS, ready("True", "AsAskedFor"))

    assert reports.of(PAYMENTS).status == ready("True", "AsAskedFor")


async def test_readiness_is_logged_when_it_changes_and_not_with_every_sweep(reports: ToldReports) -> None:
    with capture_logs() as logs:
        for _ in range(3):
            await reports.status(PAYMENTS, ready("False", "ServerUnreachable", "connection refused"))
        await reports.status(PAYMENTS, ready("True", "AsAskedFor"))

    assert [(each["log_level"], each["reason"], each["message"]) for each in logs] == [
        ("warning", "ServerUnreachable", "connection refused"),
        ("info", "AsAskedFor", ""),
    ]


async def test_events_are_logged_and_kept_with_their_time(reports: ToldReports) -> None:
    with capture_logs() as logs:
        await reports.event(PAYMENTS, "Scaled", "0 -> 3 replicas")
        await reports.event(PAYMENTS, "ServerRefused", "not allowed", warning=True)

    assert [(each["log_level"], each["event"], each["resource"]) for each in logs] == [
        ("info", "Scaled", "shop/payments"),
        ("warning", "ServerRefused", "shop/payments"),
    ]
    assert list(reports.of(PAYMENTS).notes) == [
        Note(NOW, "Scaled", "0 -> 3 replicas"),
        Note(NOW, "ServerRefused", "not allowed", warning=True),
    ]


async def test_of_many_events_the_latest_fifty_are_kept(reports: ToldReports) -> None:
    for number in range(60):
        await reports.event(PAYMENTS, "Scaled", str(number))

    assert [note.message for note in reports.of(PAYMENTS).notes] == [str(number) for number in range(10, 60)]


async def test_what_was_told_of_a_resource_is_not_told_of_one_that_was_made_anew_under_its_name(
    reports: ToldReports,
) -> None:
    await reports.status(PAYMENTS, ready("True", "AsAskedFor"))
    await reports.event(PAYMENTS, "Scaled", "0 -> 3 replicas")

    told = reports.of(PAYMENTS_MADE_ANEW)

    assert (told.status, list(told.notes)) == (None, [])
