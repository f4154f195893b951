"""What users need on top of docs/guide/acl.md's rules where servers work together."""

import re
from typing import Any

import redis.asyncio
from pydantic import SecretStr
from tests.support.acl import create_user, documented_rules, is_told
from tests.support.cluster import Cluster
from tests.support.consuming import one_server
from tests.support.eventually import eventually
from tests.support.numbered import QUICK, Numbered, Recorder, answers
from tests.support.repository import ROOT
from tests.support.sentinels import Watched

from sluiceway import Publisher, RedisSettings, Service

CONSUMER = documented_rules("A consumer")
PAGE = (ROOT / "docs/guide/acl.md").read_text()

pytestmark = one_server


def told_for(words: str) -> tuple[str, ...]:
    """The rules in the page's paragraph with these words, but for those that are meant for sentinels."""
    (paragraph,) = [part for part in re.split(r"\n- |\n\n", PAGE) if words in part]
    return tuple(rule for rule in re.findall(r"`(\+[a-z|-]+)`", paragraph) if "sentinel" not in rule)


def consumer(settings: RedisSettings, recorder: Recorder) -> Service:
    service = Service("payments", settings, grace_seconds=1)
    service.on(Numbered, stream="orders", publishes="receipts")(recorder.answer)
    service.consume("orders", lease=QUICK)
    return service


async def works(url: str, settings: RedisSettings, client: Any) -> None:
    async with Publisher(url, "orders") as publisher:
        await publisher.publish(Numbered(number=1))
    async with consumer(settings, Recorder()):
        await eventually(lambda: answers(client, "receipts"), within_seconds=30)


async def is_told_what_it_lacks(settings: RedisSettings, rule: str) -> None:
    service = consumer(settings, Recorder())
    async with service:
        await eventually(lambda: is_told(rule, service.consumers[0].health.fault or ""))


async def test_a_consumer_on_a_cluster_needs_what_the_page_adds(cluster: Cluster) -> None:
    rules = told_for("On a cluster")
    assert rules == ("+cluster|slots", "+asking")
    for node in cluster.nodes:
        create_user(node, *CONSUMER, *rules, ">secret", name="shop")
        create_user(node, *CONSUMER, ">secret", name="poor")

    rich = RedisSettings(url=cluster.url, username="shop", password=SecretStr("secret"))
    async with cluster.client() as client:
        await works(cluster.url, rich, client)
    await is_told_what_it_lacks(rich.model_copy(update={"username": "poor"}), "+cluster|slots")


async def test_a_consumer_behind_sentinels_needs_what_the_page_adds(watched: Watched) -> None:
    rules = told_for("that sentinels watch")
    assert rules == ("+role",)
    create_user(watched.master, *CONSUMER, *rules, ">secret", name="shop")
    create_user(watched.master, *CONSUMER, ">secret", name="poor")

    rich = RedisSettings(url=watched.url, username="shop", password=SecretStr("secret"))
    async with redis.asyncio.Redis.from_url(watched.master.url) as client:
        await works(watched.url, rich, client)
    await is_told_what_it_lacks(rich.model_copy(update={"username": "poor"}), "+role")
