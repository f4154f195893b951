"""docs/operations/security.md gives the operator's user all that it needs, and nothing else: without any one rule something fails."""

from __future__ import annotations

import re

import pytest
import redis.asyncio
from redis.exceptions import RedisError
from structlog.testing import capture_logs
from tests.support.acl import create_user, denials, documented_rules, without
from tests.support.consuming import one_server
from tests.support.control import Loop
from tests.support.groups_under_observation import Observed
from tests.support.repository import ROOT

from sluiceway.embedded import EmbeddedServer
from sluiceway_operator.connection import split_login
from sluiceway_operator.control import ServerAddress
from sluiceway_operator.streams import cap, delete_group

RULES = documented_rules("Rights on the Redis server", "docs/operations/security.md")
SCRIPTS = sorted((ROOT / "operator/src/sluiceway_operator").rglob("*.lua"))
_CALL = re.compile(
    r"(?:redis\.p?call|ask)\('(?P<command>[A-Z]+)'"
    r"(?:, '(?P<sub>GROUPS|STREAM|CONSUMERS|CREATE|DESTROY|DELCONSUMER)')?"
)


@pytest.fixture(autouse=True)
def _no_denials_of_earlier_tests(server: EmbeddedServer) -> None:
    denials(server)


class Work:
    """Everything that the operator does on a server, with a user of some rights.

    Args:
        url: The server, with that user's login.
        client: Somebody who may do everything, and plays the rest of the world.
    """

    def __init__(self, url: str, client: redis.asyncio.Redis) -> None:
        where, username, password = split_login(url)
        self.loop = Loop(ServerAddress(where, username, password))
        self.client = client
        self.orders = Observed(client, "orders", "payments")

    async def all_done(self) -> list[str]:
        """Do all of it; return what was not done."""
        await self.client.script_flush()
        steps = (self.make, self.reap, self.trim, self.repair, self.wake, self.cap, self.delete)
        try:
            return [step.__name__ for step in steps if not await step()]
        finally:
            await self.loop.server.close()

    async def make(self) -> bool:
        self.loop.add(
            "payments", replicas=1, consumers={"reapAfterSeconds": 0}, trim={"policy": "Age", "maxAgeSeconds": 1}
        )
        await self.loop.sweep()
        return ("payments", "GroupCreated", False) in self.loop.told.events and self.is_well()

    async def reap(self) -> bool:
        """A pod dies that held two entries, one of which is gone."""
        for number in (1, 2, 3):
            await self.client.xadd("orders", {"n": number}, id=f"{number}-0")
        if "payments" not in await self.groups():
            await self.orders.create()
        await self.orders.read("pod-1", 2)
        await self.client.xdel("orders", "1-0")
        self.loop.workloads.existing["payments"] = ["pod-1"]
        await self.loop.sweep(2, seconds=61)
        self.loop.workloads.existing["payments"] = []
        await self.loop.sweep(3, seconds=61)
        return ("payments", "ConsumerReaped", False) in self.loop.told.events and self.is_well()

    async def trim(self) -> bool:
        await self.client.xack("orders", "payments", "2-0")
        await self.loop.sweep(2, seconds=6)
        return await self.client.xlen("orders") == 1 and self.is_well()

    async def repair(self) -> bool:
        await self.client.xgroup_destroy("orders", "payments")
        await self.loop.sweep()
        return ("payments", "GroupRepaired", True) in self.loop.told.events and self.is_well()

    async def wake(self) -> bool:
        """The first entry of an idle stream brings its consumer back before the next sweep."""
        await self.client.xtrim("orders", maxlen=0)
        await self.loop.sweep(30)
        written = list(self.loop.workloads.written)
        await self.orders.add(1)
        await self.loop.waker.once()
        return written[-1:] == [("payments", 0)] and self.loop.workloads.written == [*written, ("payments", 1)]

    async def cap(self) -> bool:
        dead = self.orders.keys.dead
        for number in range(3):
            await self.client.xadd(dead, {"n": number})
        try:
            return await cap(self.loop.server.client, dead, 1) == 2
        except RedisError:
            return False

    async def delete(self) -> bool:
        try:
            return (await delete_group(self.loop.server.client, "orders", "payments")).how == "deleted"
        except RedisError:
            return False

    async def groups(self) -> set[str]:
        if not await self.client.exists("orders"):
            return set()
        return {group["name"].decode() for group in await self.client.xinfo_groups("orders")}

    def is_well(self) -> bool:
        """Whether all is as it should be now, and was never refused: what a script began before is not taken back."""
        told = [each for _, status in self.loop.told.statuses for each in status.conditions or []]
        refused = [each for each in told if (each.type, each.status) == ("Degraded", "True")]
        return self.loop.condition("payments", "Ready").status == "True" and not refused


async def test_the_operator_needs_no_more_than_its_rules(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    assert await Work(create_user(server, *RULES), client).all_done() == []
    assert denials(server) == []


@one_server
@pytest.mark.parametrize("rule", RULES)
async def test_without_any_one_rule_something_is_not_done_and_the_server_says_so(
    server: EmbeddedServer, client: redis.asyncio.Redis, rule: str
) -> None:
    with capture_logs():
        undone = await Work(create_user(server, *without(RULES, rule)), client).all_done()

    assert undone != []
    assert denials(server) != []


def test_the_rules_are_the_commands_that_the_scripts_call() -> None:
    """So a script that learns a command is noticed even where no test above makes it run it."""
    called = {
        "|".join(filter(None, call.group("command", "sub"))).lower()
        for script in SCRIPTS
        for call in _CALL.finditer(script.read_text())
    }

    assert {rule.removeprefix("+") for rule in RULES if rule.startswith("+")} == called | {
        *("evalsha_ro", "eval_ro", "evalsha", "eval"),
        "xread",
    }


async def test_no_rule_is_dangerous_or_covers_more_than_it_names(client: redis.asyncio.Redis) -> None:
    dangerous = set(await client.acl_cat("dangerous"))

    assert {rule.removeprefix("+") for rule in RULES} & dangerous == set()
    assert [rule for rule in RULES if "@" in rule or "*" in rule] == []


async def test_looking_needs_no_more_than_the_page_says(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    """For the mode Recommend: keys to be read only, and the commands that look and wait."""
    keys = [f"%R~{rule.split('~', 1)[1]}" for rule in RULES if "~" in rule]
    text = (ROOT / "docs/operations/security.md").read_text()
    looking, waiting = [line.split() for line in text.splitlines() if line.startswith(("+type", "+xread"))]
    work = Work(create_user(server, *keys, *looking, *waiting, "+evalsha_ro", "+eval_ro"), client)
    await work.orders.create()
    await work.orders.add(10)
    await work.orders.read("pod-1", 2)
    work.loop.add("payments", scaling={"mode": "Recommend"}, trim={"policy": "Acknowledged"})

    await work.loop.sweep(3)

    assert work.is_well()
    assert denials(server) == []
    await work.loop.server.close()


async def test_info_is_left_out_without_the_right_and_nothing_else_suffers(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    work = Work(create_user(server, *RULES), client)
    rich = Work(create_user(server, *RULES, "+info"), client)

    with pytest.raises(RedisError, match="info"):
        await work.loop.server.info()
    assert "used_memory" in str(await rich.loop.server.info())
    await work.loop.server.close()
    await rich.loop.server.close()
