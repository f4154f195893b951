"""What the API server tells of StreamConsumers, in whatever order, becomes what is looked after."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from sluiceway_operator.kube.feed import Feed
from sluiceway_operator.registry import Registry, ResourceKey

KEY = ResourceKey("shop", "payments")
SPEC: dict[str, Any] = {
    "redis": {"url": "redis://redis:6379"},
    "stream": "orders",
    "group": {"name": "payments"},
    "scaleTargetRef": {"name": "payments"},
}


def payments(uid: str = "first", generation: int = 1, *, ending: bool = False, **spec: Any) -> dict[str, Any]:
    metadata = {
        "namespace": "shop",
        "name": "payments",
        "uid": uid,
        "generation": generation,
        "creationTimestamp": "1970-01-02T00:00:00Z",
    }
    if ending:
        metadata["deletionTimestamp"] = "2026-11-24T12:00:00Z"
    return {"metadata": metadata, "spec": SPEC | spec}


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def feed(registry: Registry) -> Feed:
    return Feed(registry)


def looked_after(registry: Registry) -> str | None:
    found = registry.get(KEY)
    return found.uid if found is not None else None


def test_what_is_told_is_looked_after_as_it_was_told_last(feed: Feed, registry: Registry) -> None:
    feed.take(None, payments())
    feed.take("MODIFIED", payments(generation=2, stream="invoices"))

    found = registry.get(KEY)
    assert found is not None
    assert (found.uid, found.generation, found.spec.stream) == ("first", 2, "invoices")
    assert found.created == 86_400.0


def test_what_is_being_deleted_is_let_go_at_once(feed: Feed, registry: Registry) -> None:
    feed.take("ADDED", payments())
    feed.take("MODIFIED", payments(ending=True))

    assert looked_after(registry) is None


def test_what_is_gone_is_let_go(feed: Feed, registry: Registry) -> None:
    feed.take("ADDED", payments())
    feed.take("DELETED", payments())

    assert looked_after(registry) is None
    assert feed.seen == set()


def test_the_end_of_a_former_one_does_not_touch_the_one_of_its_name(feed: Feed, registry: Registry) -> None:
    feed.take("ADDED", payments("second"))
    feed.take("DELETED", payments("first"))

    assert looked_after(registry) == "second"
    assert feed.seen == {KEY}


def test_what_is_not_listed_any_more_is_let_go(feed: Feed, registry: Registry) -> None:
    feed.take("ADDED", payments())

    feed.keep_only([], {KEY})

    assert looked_after(registry) is None


def test_what_came_after_the_list_was_asked_for_stays(feed: Feed, registry: Registry) -> None:
    feed.take("ADDED", payments())

    feed.keep_only([], set())

    assert looked_after(registry) == "first"


def test_what_is_not_understood_is_left_alone_and_logged_once_with_the_field_and_without_the_value(
    feed: Feed, registry: Registry
) -> None:
    feed.take("ADDED", payments())
    newer = payments(generation=2, redis={"url": "redis://x", "proxy": "secret"})
    with capture_logs() as logs:
        feed.take("MODIFIED", newer)
        feed.take("MODIFIED", newer)

    assert looked_after(registry) is None
    refused = feed.refused[KEY]
    assert (refused.uid, refused.generation) == ("first", 2)
    assert "spec.redis.proxy" in refused.why
    assert [each["log_level"] for each in logs] == ["error"]
    assert "secret" not in repr((refused, logs))


@pytest.mark.parametrize("after", ["understood", "ending", "gone"])
def test_what_is_refused_is_no_longer_when_it_can_be_understood_or_goes(feed: Feed, after: str) -> None:
    feed.take("ADDED", payments(unheard="of"))

    if after == "gone":
        feed.take("DELETED", payments(unheard="of"))
    else:
        feed.take("MODIFIED", payments(generation=2, ending=after == "ending"))

    assert feed.refused == {}


# --- statuses, for an operator that begins to lead --------------------------------------------------------------------


def test_a_status_is_known_as_it_was_seen_last(feed: Feed) -> None:
    feed.take(None, payments() | {"status": {"trim": {"lostTotal": 1}}})
    feed.take("MODIFIED", payments() | {"status": {"trim": {"lostTotal": 2}}})

    status = feed.status_of(KEY)

    assert status is not None
    assert status.trim is not None
    assert status.trim.lost_total == 2


def test_who_has_no_status_or_is_gone_has_none(feed: Feed) -> None:
    feed.take(None, payments() | {"status": {"observedGeneration": 1}})
    feed.take("DELETED", payments())
    gone = feed.status_of(KEY)
    feed.take("ADDED", payments("second"))

    assert gone is None
    assert feed.status_of(KEY) is None


def test_of_a_status_of_a_newer_operator_what_is_known_is_taken(feed: Feed) -> None:
    feed.take(
        None, payments() | {"status": {"observedGeneration": 3, "unheard": "of", "backlog": {"lag": 7, "new": 1}}}
    )

    status = feed.status_of(KEY)

    assert status is not None
    assert status.backlog is not None
    assert (status.observed_generation, status.backlog.lag) == (3, 7)


def test_a_status_that_is_not_understood_is_none_and_logged_with_its_field(feed: Feed) -> None:
    feed.take(None, payments() | {"status": {"backlog": {"accuracy": "Vague"}}})

    with capture_logs() as logs:
        status = feed.status_of(KEY)

    assert status is None
    assert [log["errors"].split(":")[0] for log in logs] == ["status.backlog.accuracy"]
