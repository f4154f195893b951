"""Where the server's own lag is missing or wrong, a StreamConsumer has the replicas that what is really there needs, and says how it knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import pytest
import redis.asyncio
from tests.support.consuming import one_server
from tests.support.eventually import eventually
from tests.support.groups_under_observation import Observed
from tests.support.operated import Stage

pytestmark = [one_server, pytest.mark.timeout(180, func_only=True)]

SECONDS = 90.0
SCALING = {"target": {"backlogPerReplica": 10}, "scaleDown": {"stabilizationSeconds": 0, "idleSeconds": 1}}


@dataclass(frozen=True)
class Case:
    """A group that the server tells something wrong of.

    Args:
        spoil: Makes it so; the operator has seen the group, which was given nothing yet.
        lag: What is really undelivered.
        replicas: What that needs, one for each ten.
        reason: Of the condition BacklogKnown.
        repaired: Whether the group has to be made anew for it.
    """

    spoil: Callable[[Observed], Awaitable[object]]
    lag: int | None
    replicas: int
    reason: str = "Exact"
    repaired: bool = False


async def made_in_mid_stream(group: Observed) -> None:
    """The server tells no lag (null)."""
    added = await group.add(100)
    # in one moment, or the operator makes it, at the beginning
    async with group.client.pipeline(transaction=True) as moment:
        _ = moment.xgroup_destroy(group.keys.stream, group.keys.group)
        _ = moment.xgroup_create(group.keys.stream, group.keys.group, added[49])
        await moment.execute()


async def an_unread_entry_was_deleted(group: Observed) -> None:
    """The server tells no lag from then on."""
    added = await group.add(100)
    await group.read("pod", 10)
    await group.client.xack(group.keys.stream, group.keys.group, *added[:10])
    await group.client.xdel(group.keys.stream, added[60])


async def trimmed_past_unread_entries(group: Observed) -> None:
    """The server counts what is gone as undelivered, for ever."""
    added = await group.add(1000)
    await group.read("pod", 10)
    await group.client.xack(group.keys.stream, group.keys.group, *added[:10])
    await group.client.xtrim(group.keys.stream, maxlen=50, approximate=False)


async def everything_was_trimmed(group: Observed) -> None:
    """The server tells the lag of what is no longer there."""
    await group.add(1000)
    await group.client.xtrim(group.keys.stream, maxlen=0, approximate=False)


async def the_stream_was_deleted(group: Observed) -> None:
    await group.add(100)
    await group.client.delete(group.keys.stream)


async def the_group_was_destroyed(group: Observed) -> None:
    """It is made anew where it was, and everything is delivered again rather than nothing."""
    await group.add(100)
    await group.client.xgroup_destroy(group.keys.stream, group.keys.group)


async def the_key_has_another_type(group: Observed) -> None:
    """There may be work that cannot be counted: one replica."""
    async with group.client.pipeline(transaction=True) as moment:
        _ = moment.delete(group.keys.stream)
        _ = moment.set(group.keys.stream, "text")
        await moment.execute()


CASES = {
    "mid-stream": Case(made_in_mid_stream, 50, 5),
    "deleted-entry": Case(an_unread_entry_was_deleted, 89, 9),
    "phantom": Case(trimmed_past_unread_entries, 50, 5),
    "all-trimmed": Case(everything_was_trimmed, 0, 0),
    "no-stream": Case(the_stream_was_deleted, 0, 0, repaired=True),
    "no-group": Case(the_group_was_destroyed, 100, 10, repaired=True),
    "wrong-type": Case(the_key_has_another_type, None, 1, "WrongType"),
}


async def test_each_case_gets_the_replicas_of_what_is_really_there(stage: Stage, client: redis.asyncio.Redis) -> None:
    for name in CASES:
        stage.deploy(name)
        stage.consume(name, stream=name, scaling=SCALING)
    stage.operator()
    for name in CASES:
        await eventually(partial(is_ready, stage, name), within_seconds=SECONDS)

    for name, case in CASES.items():
        await case.spoil(Observed(client, name, name))

    for name, case in CASES.items():
        await eventually(partial(as_expected, stage, name, case), within_seconds=SECONDS, what=name)
    # the operator has looked at all of them since, also at those that end as they began
    assert all(as_expected(stage, name, case) for name, case in CASES.items())


def is_ready(stage: Stage, name: str) -> bool:
    return stage.reason(name, "Ready") == "AsAskedFor"


def as_expected(stage: Stage, name: str, case: Case) -> bool:
    status = stage.status(name)
    known = next(each for each in status["conditions"] if each["type"] == "BacklogKnown")
    assert (known["reason"], known["status"]) == (case.reason, "False" if case.lag is None else "True")
    if case.lag is not None:
        assert status["backlog"]["lag"] == case.lag
    repaired = [each for each in stage.events("GroupRepaired") if f"group {name} " in each]
    assert bool(repaired) == case.repaired
    return stage.replicas(name) == case.replicas
