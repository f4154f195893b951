"""Streams are kept short, and what a group still needs stays, unless a hard cap says otherwise: then it is counted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import redis.asyncio
from tests.support.eventually import eventually
from tests.support.groups_under_observation import Observed

from sluiceway_operator.resource import Trim
from sluiceway_operator.streams import Trimmed, TrimOrder, TrimRules, trim


@pytest.fixture
def payments(client: redis.asyncio.Redis) -> Observed:
    return Observed(client, "orders", "payments")


@pytest.fixture
def reports(client: redis.asyncio.Redis) -> Observed:
    return Observed(client, "orders", "reports")


async def trimmed(
    group: Observed, *, groups: tuple[str, ...] = (), deserted: tuple[str, ...] = (), **asked: Any
) -> Trimmed:
    order = TrimOrder("orders", TrimRules.of(Trim.model_validate(asked)), groups, deserted)
    last = await trim(group.client, order)
    while last.more:
        last = await trim(group.client, order)
    return last


async def ids(group: Observed) -> list[bytes]:
    return [entry_id for entry_id, _ in await group.client.xrange("orders")]  # type: ignore[union-attr, misc]


async def settle(group: Observed, count: int) -> None:
    """Read and acknowledge entries."""
    reply: Any = await group.client.xreadgroup(group.keys.group, "pod", {"orders": ">"}, count=count)
    await group.client.xack("orders", group.keys.group, *(entry_id for entry_id, _ in reply[0][1]))


async def test_what_every_group_has_acknowledged_goes(payments: Observed, reports: Observed) -> None:
    await payments.create()
    await reports.create()
    added = await payments.add(2500)
    await settle(payments, 2400)
    await settle(reports, 1100)

    outcome = await trimmed(payments)

    assert await ids(payments) == added[1100:]
    assert (outcome.lost, outcome.length, outcome.held_by, outcome.why_not) == (0, 1400, "reports", "")


async def test_a_pending_entry_holds_the_floor(payments: Observed) -> None:
    await payments.create()
    added = await payments.add(10)
    await payments.read("pod", 8)
    await payments.client.xack("orders", "payments", *added[:3], *added[4:8])

    outcome = await trimmed(payments)

    assert await ids(payments) == added[3:]
    assert outcome.floor == added[3].decode()


async def test_a_group_that_has_read_nothing_holds_everything(payments: Observed, reports: Observed) -> None:
    await payments.create()
    await reports.create()
    added = await payments.add(10)
    await settle(payments, 10)

    await trimmed(payments, policy="Length", maxLength=0)

    assert await ids(payments) == added


async def test_a_group_made_at_zero_in_the_same_moment_holds_everything(payments: Observed, reports: Observed) -> None:
    await payments.create()
    added = await payments.add(2000)
    await settle(payments, 2000)

    await asyncio.gather(reports.create(), *(trimmed(payments) for _ in range(5)))

    left = await ids(payments)
    # whichever came first: what is there when the group is made stays
    assert left == added[len(added) - len(left) :]
    assert await reports.lag() == (len(left), "Exact")


async def test_a_length_is_kept_for_replay(payments: Observed) -> None:
    await payments.create()
    added = await payments.add(3500)
    await settle(payments, 3500)

    await trimmed(payments, policy="Length", maxLength=100)

    assert await ids(payments) == added[-100:]


async def test_a_stream_shorter_than_its_length_is_left_alone(payments: Observed) -> None:
    await payments.create()
    added = await payments.add(50)
    await settle(payments, 50)

    outcome = await trimmed(payments, policy="Length", maxLength=100)

    assert await ids(payments) == added
    assert outcome.removed == 0


async def test_entries_younger_than_the_age_are_kept(payments: Observed) -> None:
    await payments.create()
    for number in range(1, 21):
        await payments.client.xadd("orders", {"n": number}, id=f"{number}-0")
    recent = await payments.add(5)
    await settle(payments, 25)

    await trimmed(payments, policy="Age", maxAgeSeconds=3600)

    assert await ids(payments) == recent


async def test_age_never_passes_the_floor(payments: Observed) -> None:
    await payments.create()
    for number in range(1, 21):
        await payments.client.xadd("orders", {"n": number}, id=f"{number}-0")
    await settle(payments, 8)

    await trimmed(payments, policy="Age", maxAgeSeconds=1)

    assert (await ids(payments))[0] == b"9-0"


async def test_nothing_goes_while_a_declared_group_is_missing(payments: Observed) -> None:
    await payments.create()
    added = await payments.add(10)
    await settle(payments, 10)

    outcome = await trimmed(payments, groups=("payments", "reports"))

    assert await ids(payments) == added
    assert (outcome.why_not, outcome.held_by) == ("GroupMissing", "reports")


async def test_nothing_goes_from_a_stream_without_a_group(payments: Observed) -> None:
    added = await payments.add(10)

    outcome = await trimmed(payments, policy="Length", maxLength=1)

    assert await ids(payments) == added
    assert outcome.why_not == "NoGroup"


async def add_long_ago(group: Observed, count: int) -> list[bytes]:
    """Append entries whose IDs are of 1970."""
    for number in range(count):
        await group.client.xadd("orders", {"n": number}, id=f"1000-{number + 1}")
    return await ids(group)


async def test_a_group_without_a_consumer_holds_the_floor_until_it_is_known_how_long_it_has_had_none(
    payments: Observed, reports: Observed
) -> None:
    await payments.create()
    await reports.create()
    added = await add_long_ago(payments, 10)
    await settle(payments, 6)

    waited = await trimmed(payments, groups=("payments",), staleGroupSeconds=60)
    gone = await trimmed(payments, groups=("payments",), deserted=("reports",), staleGroupSeconds=60)

    assert (waited.removed, waited.stale, waited.without_consumer) == (0, (), ("reports",))
    assert (gone.removed, gone.stale, gone.held_by) == (6, ("reports",), "payments")
    assert await ids(payments) == added[6:]


async def test_a_group_whose_consumers_have_been_silent_for_too_long_is_not_waited_for(
    payments: Observed, reports: Observed
) -> None:
    await payments.create()
    await reports.create()
    added = await add_long_ago(payments, 10)
    await settle(payments, 6)
    await reports.read("pod", 1)

    lively = await trimmed(payments, groups=("payments",), staleGroupSeconds=3600)
    silent = await eventually(lambda: not_waited_for(payments), within_seconds=30)

    assert lively.removed == 0
    assert silent
    assert await ids(payments) == added[6:]


async def test_of_a_group_that_nobody_reads_what_is_younger_stays(payments: Observed, reports: Observed) -> None:
    await payments.create()
    await reports.create()
    await add_long_ago(payments, 10)
    young = await payments.add(10)
    await settle(payments, 20)

    outcome = await trimmed(payments, groups=("payments",), deserted=("reports",), staleGroupSeconds=3600)

    assert (outcome.removed, outcome.lost, outcome.stale, outcome.held_by) == (10, 0, ("reports",), "reports")
    assert await ids(payments) == young


async def test_a_group_that_nobody_reads_and_that_has_read_everything_is_not_called_stale(
    payments: Observed, reports: Observed
) -> None:
    await payments.create()
    await add_long_ago(payments, 3)
    await settle(payments, 3)
    await reports.create("$")

    outcome = await trimmed(payments, groups=("payments",), deserted=("reports",), staleGroupSeconds=60)

    assert (outcome.removed, outcome.stale) == (3, ())


async def not_waited_for(group: Observed) -> bool:
    return (await trimmed(group, groups=("payments",), staleGroupSeconds=1)).stale == ("reports",)


async def test_a_group_that_a_resource_declares_is_waited_for_whoever_reads_it(
    payments: Observed, reports: Observed
) -> None:
    await payments.create()
    await reports.create()
    await payments.add(10)
    await settle(payments, 10)

    outcome = await trimmed(payments, groups=("payments", "reports"), deserted=("reports",), staleGroupSeconds=1)

    assert (outcome.removed, outcome.held_by) == (0, "reports")


async def test_only_a_hard_cap_passes_the_floor_and_counts_exactly_what_is_lost(payments: Observed) -> None:
    await payments.create()
    added = await payments.add(1000)
    await settle(payments, 100)

    outcome = await trimmed(payments, policy="Length", maxLength=300, hardMaxLength=400)

    assert await ids(payments) == added[-400:]
    assert outcome.lost == 500


async def test_a_hard_cap_that_is_not_reached_loses_nothing(payments: Observed) -> None:
    await payments.create()
    await payments.add(1000)
    await settle(payments, 700)

    outcome = await trimmed(payments, hardMaxLength=400)

    assert (outcome.lost, outcome.length) == (0, 300)


async def test_a_hard_cap_holds_while_a_declared_group_is_missing_and_all_of_it_is_a_loss(payments: Observed) -> None:
    await payments.create()
    await payments.add(100)
    await settle(payments, 100)

    outcome = await trimmed(payments, groups=("reports",), hardMaxLength=40)

    assert (outcome.lost, outcome.length) == (60, 40)


async def test_a_hard_cap_on_a_stream_that_nobody_consumes_loses_nothing_to_anybody(payments: Observed) -> None:
    await payments.add(100)

    outcome = await trimmed(payments, hardMaxLength=40)

    assert (outcome.lost, outcome.length) == (0, 40)


async def test_a_missing_stream_and_a_key_of_another_type_are_left_alone(payments: Observed) -> None:
    assert (await trimmed(payments, hardMaxLength=1)).why_not == "NoStream"
    await payments.client.set("orders", "text")

    assert (await trimmed(payments, hardMaxLength=1)).why_not == "NoStream"
    assert await payments.client.get("orders") == b"text"


async def test_sequence_numbers_of_any_size_are_compared_rightly(payments: Observed) -> None:
    await payments.create()
    for entry_id in ("5-9", "5-10", "5-18446744073709551613", "5-18446744073709551614", "6-0", "10-0"):
        await payments.client.xadd("orders", {"n": 1}, id=entry_id)
    await settle(payments, 4)

    await trimmed(payments)

    assert (await ids(payments))[-2:] == [b"6-0", b"10-0"]
    assert b"5-10" not in await ids(payments)
