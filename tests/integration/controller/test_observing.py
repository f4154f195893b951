"""What is seen of groups on real servers, and every case in which the server's own lag lies."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis.asyncio
from redis.exceptions import NoPermissionError
from tests.support.acl import create_user
from tests.support.groups_under_observation import Observed

from sluiceway.embedded import EmbeddedServer
from sluiceway_operator.observe import LookFailed, Missing, WrongType, observe_groups
from sluiceway_operator.resource import Accuracy

EXACT = Accuracy.EXACT

RIGHTS = (
    "%R~*",
    "+evalsha_ro",
    "+eval_ro",
    "+type",
    "+xlen",
    "+xrange",
    "+xpending",
    "+xinfo|stream",
    "+xinfo|groups",
    "+xinfo|consumers",
)
"""What somebody who looks must be allowed."""


@pytest_asyncio.fixture
async def group(client: redis.asyncio.Redis) -> AsyncIterator[Observed]:
    yield Observed(client, "orders", "payments")


# --- honest cases -----------------------------------------------------------------------------------------------------


async def test_lag_pending_consumers_and_dead_letters_are_told(group: Observed) -> None:
    await group.create()
    await group.add(10)
    await group.read("pod-1", 4)
    await group.read("pod-2", 1)
    await group.client.xadd(group.keys.dead, {"a": "b"})
    await group.client.xadd(group.keys.replay, {"a": "b"})

    look = await group.look()

    assert await group.lag() == (5, EXACT)
    assert (look.pending, look.dead_letters, look.replay) == (5, 1, 1)
    assert {(seen.name, seen.pending) for seen in look.consumers} == {("pod-1", 4), ("pod-2", 1)}
    assert look.oldest_pending == look.first
    assert look.next_undelivered is not None
    assert look.next_undelivered > look.delivered


async def test_many_groups_are_seen_in_one_call_and_one_bad_key_spoils_only_its_own(
    group: Observed, client: redis.asyncio.Redis
) -> None:
    await group.create()
    await group.add(3)
    await client.set("text", "no stream")
    others = [Observed(client, "text", "g"), Observed(client, "nowhere", "g"), Observed(client, "orders", "absent")]

    first, *rest = await observe_groups(client, [group.ask(), *(other.ask() for other in others)])

    assert group.judge(first) == (3, EXACT)
    assert rest == [WrongType("string"), Missing(stream=False), Missing(stream=True, length=3)]


async def test_a_dead_letter_key_of_the_wrong_type_does_not_hide_the_backlog(group: Observed) -> None:
    await group.create()
    await group.add(2)
    await group.client.set(group.keys.dead, "no stream")

    assert await group.lag() == (2, EXACT)


async def test_looking_needs_rights_to_read_only(group: Observed, server: EmbeddedServer) -> None:
    await group.create()
    await group.add(3)

    async with redis.asyncio.Redis.from_url(create_user(server, *RIGHTS)) as watcher:
        (seen,) = await observe_groups(watcher, [group.ask()])

    assert group.judge(seen) == (3, EXACT)


@pytest.mark.parametrize("right", [right for right in RIGHTS if right.startswith("+")])
async def test_a_right_that_is_missing_is_told_by_its_name(right: str, group: Observed, server: EmbeddedServer) -> None:
    await group.create()
    await group.add(1)
    await group.read("pod-1", 1)
    await group.add(3)
    await group.client.xadd(group.keys.dead, {"a": "b"})
    await group.client.script_flush()
    command = right.removeprefix("+").partition("|")[0]
    if right != "+eval_ro":  # which is needed only where the server does not have the script yet
        await observe_groups(group.client, [group.ask()])

    async with redis.asyncio.Redis.from_url(create_user(server, *RIGHTS, right.replace("+", "-"))) as watcher:
        try:
            (seen,) = await observe_groups(watcher, [group.ask()])
        except NoPermissionError as refused:
            seen = LookFailed(str(refused))

    assert isinstance(seen, LookFailed)
    assert command in seen.message.lower()


async def test_a_forbidden_key_is_refused(group: Observed, server: EmbeddedServer) -> None:
    await group.create()

    async with redis.asyncio.Redis.from_url(create_user(server, *RIGHTS, "resetkeys", "%R~other")) as watcher:
        with pytest.raises(NoPermissionError):
            await observe_groups(watcher, [group.ask()])


# --- the server's lag is null -----------------------------------------------------------------------------------------


async def test_a_group_created_in_mid_stream_is_counted(group: Observed) -> None:
    ids = await group.add(100)
    await group.create(ids[39])

    assert await group.lag() == (60, EXACT)


async def test_a_deleted_unread_entry_is_not_counted(group: Observed) -> None:
    await group.create()
    ids = await group.add(10)
    await group.read("pod-1", 2)
    await group.client.xdel("orders", ids[5])

    assert await group.lag() == (7, EXACT)


async def test_a_group_set_back_is_counted(group: Observed) -> None:
    await group.create()
    ids = await group.add(10)
    await group.read("pod-1", 10)
    await group.client.xgroup_setid("orders", "payments", ids[6])

    assert await group.lag() == (3, EXACT)


async def test_more_than_can_be_counted_without_a_lag_is_at_least_so_much(group: Observed) -> None:
    ids = await group.add(12_000)
    await group.create(ids[0])

    count, accuracy = await group.lag()

    assert accuracy is (EXACT if count == 11_999 else Accuracy.ESTIMATED)
    assert count >= 10_000


# --- the server's lag is wrong ----------------------------------------------------------------------------------------


async def test_a_trim_past_unread_entries_leaves_no_phantoms(group: Observed) -> None:
    await group.create()
    await group.add(80)
    await group.read("pod-1", 1)
    await group.client.xtrim("orders", maxlen=10, approximate=False)

    assert await group.lag() == (10, EXACT)
    await group.read("pod-1", 4)
    assert await group.lag() == (6, EXACT)
    await group.read("pod-1", 100)
    assert await group.lag() == (0, EXACT)
    await group.add(7)
    assert await group.lag() == (7, EXACT)


async def test_a_phantom_is_seen_through_by_a_watcher_that_comes_later(group: Observed) -> None:
    await group.create()
    await group.add(80)
    await group.read("pod-1", 1)
    await group.client.xtrim("orders", maxlen=10, approximate=False)
    await group.read("pod-1", 5)
    await group.add(3)

    assert await Observed(group.client, "orders", "payments").lag() == (8, EXACT)


async def test_trimming_between_two_looks_is_noticed_in_time(group: Observed) -> None:
    await group.create()
    await group.add(100)
    await group.read("pod-1", 10)
    assert await group.lag() == (90, EXACT)
    await group.client.xtrim("orders", maxlen=50, approximate=False)
    await group.read("pod-1", 10)

    doubtful = await group.lag()
    group.seconds_pass(11)
    await group.lag()
    certain = await group.lag()

    assert doubtful[1] is Accuracy.ESTIMATED
    assert doubtful[0] >= 40
    assert certain == (40, EXACT)


async def test_trimming_what_everybody_read_keeps_the_lag_right(group: Observed) -> None:
    await group.create()
    await group.add(100)
    await group.read("pod-1", 60)
    await group.lag()
    await group.client.xtrim("orders", maxlen=40, approximate=False)

    assert await group.lag() == (40, EXACT)


# --- streams and groups that come and go ------------------------------------------------------------------------------


async def test_a_stream_that_was_deleted_is_missing_not_empty(group: Observed) -> None:
    await group.create()
    await group.add(5)
    await group.client.delete("orders")

    assert await observe_groups(group.client, [group.ask()]) == [Missing(stream=False)]


async def test_a_group_that_was_destroyed_is_missing_not_idle(group: Observed) -> None:
    await group.create()
    await group.add(5)
    await group.client.xgroup_destroy("orders", "payments")

    assert await observe_groups(group.client, [group.ask()]) == [Missing(stream=True, length=5)]


async def test_an_emptied_stream_has_no_lag(group: Observed) -> None:
    await group.create()
    await group.add(5)
    await group.read("pod-1", 2)
    await group.client.xtrim("orders", maxlen=0, approximate=False)

    assert await group.lag() == (0, EXACT)


async def test_the_script_is_loaded_again_after_the_server_forgot_it(group: Observed) -> None:
    await group.create()
    await group.add(2)
    await group.lag()
    await group.client.script_flush()

    assert await group.lag() == (2, EXACT)
    assert await group.lag() == (2, EXACT)
