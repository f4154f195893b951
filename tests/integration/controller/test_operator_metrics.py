"""The operator's metrics tell what the controller saw and did on real servers, and leave out what nobody knows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis.asyncio
from tests.support.consuming import one_server
from tests.support.control import Loop
from tests.support.groups_under_observation import Observed
from tests.support.proxy import FaultProxy
from tests.support.scraping import Scrape, scrape_of

from sluiceway.embedded import EmbeddedServer
from sluiceway_operator.metrics import OperatorCollector, Swept

_WHOSE = {"namespace": "shops", "name": "payments", "stream": "orders", "group": "payments"}


@pytest_asyncio.fixture
async def loop(server: EmbeddedServer) -> AsyncIterator[Loop]:
    made = Loop(server.url)
    yield made
    await made.server.close()


@pytest.fixture
def payments(client: redis.asyncio.Redis) -> Observed:
    return Observed(client, "orders", "payments")


def scrape(loop: Loop) -> Scrape:
    sweep = loop.sweeping
    swept = Swept(loop.server.address.url, sweep.tally, began_at=990.0, late_seconds=sweep.deviation_seconds)
    return scrape_of(OperatorCollector(loop.tracked.values, lambda: [swept], lambda: True, clock=loop.clock))


async def done(payments: Observed, count: int) -> None:
    """Append entries, read and acknowledge them."""
    ids = await payments.add(count)
    await payments.read("pod-a", count)
    await payments.client.xack(payments.keys.stream, payments.keys.group, *ids)


def of_payments(told: Scrape, *names: str) -> dict[str, float | None]:
    return {name: told.value(f"sluiceway_streamconsumer_{name}", **_WHOSE) for name in names}


async def test_backlog_and_replicas_are_told_with_the_group_that_they_are_of(loop: Loop, payments: Observed) -> None:
    await payments.create()
    await payments.add(300)
    await payments.read("pod-a", 40)
    loop.add("payments", replicas=1, scaling={"maxReplicas": 4})

    await loop.sweep()

    assert of_payments(
        scrape(loop),
        "lag",
        "pending",
        "replay",
        "dead_letters",
        "replicas",
        "replicas_max",
        "stream_length",
        "consumers",
    ) == {
        "lag": 260,
        "pending": 40,
        "replay": 0,
        "dead_letters": 0,
        "replicas": 3,
        "replicas_max": 4,
        "stream_length": 300,
        "consumers": 1,
    }


async def test_each_look_counts_by_the_rule_that_decided_and_each_change_by_its_direction(
    loop: Loop, payments: Observed
) -> None:
    await payments.create()
    await payments.add(1)
    loop.add("payments", replicas=0)

    await loop.sweep(3)

    told = scrape(loop)
    looks = [sample.value for sample in told.samples if sample.name == "sluiceway_streamconsumer_decisions_total"]
    assert sum(looks) == 3
    assert told.value("sluiceway_streamconsumer_scaled_total", direction="up") == 1
    assert told.value("sluiceway_streamconsumer_scaled_total", direction="down") == 0


async def test_entries_that_are_trimmed_or_lost_are_counted(loop: Loop, payments: Observed) -> None:
    await payments.create()
    await payments.add(10)
    loop.add("payments", replicas=1, trim={"policy": "Acknowledged", "hardMaxLength": 4})

    await loop.sweep()

    assert of_payments(scrape(loop), "trimmed_total", "lost_total") == {"trimmed_total": 6, "lost_total": 6}


async def test_a_stream_that_a_group_without_a_resource_pins_says_for_how_long_and_by_whom(
    loop: Loop, payments: Observed, client: redis.asyncio.Redis
) -> None:
    await payments.create()
    await client.xgroup_create("orders", "forgotten", id="0")
    await done(payments, 10)
    loop.add("payments", replicas=1, trim={"policy": "Acknowledged"})

    await loop.sweep()

    told = scrape(loop)
    assert told.labels("sluiceway_streamconsumer_trim_pinned_seconds") == [{**_WHOSE, "pinned_by": "forgotten"}]
    assert told.value("sluiceway_streamconsumer_trim_pinned_seconds") is not None


async def test_a_stream_that_nobody_needs_any_more_is_pinned_by_nobody(loop: Loop, payments: Observed) -> None:
    await payments.create()
    await done(payments, 10)
    loop.add("payments", replicas=1, trim={"policy": "Length", "maxLength": 100})

    await loop.sweep()

    told = scrape(loop)
    assert told.value("sluiceway_streamconsumer_trim_pinned_seconds", pinned_by="") == 0


async def test_a_dead_consumer_is_told_as_silent_and_then_as_reaped(loop: Loop, payments: Observed) -> None:
    await payments.create()
    await payments.add(5)
    await payments.read("pod-a", 5)
    loop.add("payments", replicas=1, consumers={"reapAfterSeconds": 0})
    loop.workloads.existing["payments"] = ["pod-a"]
    await loop.sweep()
    assert of_payments(scrape(loop), "consumers_silent") == {"consumers_silent": 1}
    del loop.workloads.existing["payments"]

    await loop.sweep(8)

    assert of_payments(scrape(loop), "consumers_reaped_total", "entries_released_total", "consumers_silent") == {
        "consumers_reaped_total": 1,
        "entries_released_total": 5,
        "consumers_silent": 0,
    }


async def test_conditions_are_told_with_their_reasons(loop: Loop) -> None:
    loop.add("payments", replicas=None)

    await loop.sweep()

    told = scrape(loop)
    assert told.value("sluiceway_streamconsumer_condition", type="TargetFound", reason="NotFound") == 0
    # what nobody knows is left out
    assert told.value("sluiceway_streamconsumer_condition", type="Active") is None


@one_server
async def test_what_an_unreachable_server_has_is_left_out_and_never_zero(
    proxy: FaultProxy, client: redis.asyncio.Redis
) -> None:
    loop = Loop(proxy.url)
    payments = Observed(client, "orders", "payments")
    await payments.create()
    await payments.add(3)
    loop.add("payments", replicas=2)
    await loop.sweep()
    before = scrape(loop)
    proxy.refuse()
    proxy.cut()

    await loop.sweep()

    told = scrape(loop)
    assert before.value("sluiceway_streamconsumer_lag", **_WHOSE) == 3
    assert before.value("sluiceway_redis_up") == 1
    unknown = ("lag", "pending", "replay", "oldest_age_seconds", "dead_letters", "stream_length", "consumers")
    assert of_payments(told, *unknown) == dict.fromkeys(unknown)
    assert of_payments(told, "replicas") == {"replicas": 2}
    assert told.value("sluiceway_redis_up") == 0
    assert told.value("sluiceway_redis_sweep_errors_total") == 1
    await loop.server.close()


async def test_each_sweep_is_timed(loop: Loop) -> None:
    loop.add("payments")

    await loop.sweep(3)

    told = scrape(loop)
    assert told.value("sluiceway_redis_sweep_seconds_count", server=loop.server.address.url) == 3
    assert told.value("sluiceway_redis_sweep_age_seconds") == loop.clock() - 990
