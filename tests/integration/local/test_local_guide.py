"""The commands of docs/operations/local.md, with the shop's real payments and the cluster's own manifest."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

from redis.asyncio import Redis
from tests.support.eventually import eventually
from tests.support.processes import Programs
from tests.support.repository import ROOT

from sluiceway.embedded import EmbeddedServer
from sluiceway.keys import GroupKeys

GUIDE = (ROOT / "docs/operations/local.md").read_text()
SERVER = "redis://127.0.0.1:6390"


def commands(server: str) -> list[list[str]]:
    """The guide's commands, for another server and from any folder."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    sample = "k8s/samples/payments.yaml"
    blocks = [block.replace("\\\n", "").replace(SERVER, server).replace(sample, str(ROOT / sample)) for block in blocks]
    return [shlex.split(block) for block in blocks]


async def test_payments_of_the_shop_come_with_the_first_order_and_explain_tells_why(
    server: EmbeddedServer, programs: Programs, tmp_path: Path
) -> None:
    local, explain = commands(server.url)
    assert (local[:2], explain[:2]) == (["sluiceway-operator", "local"], ["sluiceway-operator", "explain"])
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    operator = programs.start("-m", "sluiceway_operator", *local[1:], env={"PATH": path})
    await operator.line("GroupCreated")
    async with Redis.from_url(server.url) as redis:
        # no order at all: payments puts it to the dead letters, which shows that it is at work
        await redis.xadd("orders", {"type": "ORDER_CREATED", "payload": "{"})

        async def is_put_away() -> bool:
            return await redis.exists(GroupKeys("orders", "payments").dead) == 1

        await eventually(is_put_away, within_seconds=60)
    explained = programs.start("-m", "sluiceway_operator", *explain[1:])
    await explained.exits(0)
    operator.interrupt()
    await operator.exits(0)

    assert explained.find("default/payments: group payments of stream orders, run by Deployment shop-payments")
    assert explained.find("0 -> 1 replicas of Deployment default/shop-payments")
    assert [file.name for file in (tmp_path / ".sluiceway/operator").glob("*.json")] == []
