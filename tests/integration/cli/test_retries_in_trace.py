"""`sluiceway trace` of an event that failed: its record is packed by the server's own library."""

import redis.asyncio
from tests.support.cli import sluiceway
from tests.support.eventually import eventually
from tests.support.numbered import Numbered
from tests.support.servers import server_binary  # noqa: F401 - each server packs it by itself

from sluiceway import Publisher, Retry, Service
from sluiceway.embedded import EmbeddedServer
from sluiceway.keys import GroupKeys


async def test_a_failed_event_waits_for_its_retry_until_it_is_due(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    service = Service("doubler", redis=server.url)

    @service.on(Numbered, stream="numbers", retry=Retry(attempts=5, first_seconds=900, cap_seconds=900))
    async def fail(_: Numbered) -> None:
        raise RuntimeError("no answer")

    async with service:
        async with Publisher(server.url, "numbers") as publisher:
            receipt = await publisher.publish(Numbered(number=1))
        await eventually(lambda: client.hlen(GroupKeys("numbers", "doubler").retry), what="the record of the failure")

        flow = sluiceway(server.url, "trace", receipt.correlation_id, "--json").document

    ((outcome,),) = [event["outcomes"] for event in flow["events"]]
    assert (outcome["outcome"], outcome["failures"], outcome["error"]) == (
        "waiting_retry",
        1,
        "RuntimeError: no answer",
    )
    assert 1 < outcome["due_in_seconds"] <= 900
