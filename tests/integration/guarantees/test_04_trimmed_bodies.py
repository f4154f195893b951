"""Promise 4, last part: an entry in hand whose body is gone holds up nobody, and is counted."""

import redis.asyncio
from tests.support.consuming import GROUP, KEYS, LEASE, STREAM, Note, add, one_server, running, until_drained
from tests.support.eventually import eventually

from sluiceway import Retry, Service
from sluiceway.embedded import EmbeddedServer


@one_server
async def test_a_pending_entry_whose_body_was_trimmed_away_is_counted_and_acknowledged(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    tries: list[int] = []
    service = Service(GROUP, redis=server.url)
    service.consume(STREAM, lease=LEASE)

    @service.on(Note, stream=STREAM, retry=Retry(first_seconds=0.5, jitter=0))
    async def note(event: Note) -> None:
        tries.append(event.number)
        raise ValueError

    entry_id = await add(client, 1)

    async with running(service, client):
        waiting = service.consumers[0].holdings
        await eventually(lambda: waiting.waiting == 1, what="the retry waits")
        await client.xdel(STREAM, entry_id)
        await until_drained(client)
        await eventually(lambda: service.consumers[0].stats.lost_to_trimming == 1, what="it is counted")

    assert tries == [1]
    assert not await client.exists(KEYS.dead)


async def test_entries_of_a_dead_consumer_that_were_trimmed_away_are_counted_and_acknowledged(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    for number in range(5):
        await add(client, number)
    await client.xreadgroup(GROUP, "dead", {STREAM: ">"})
    await client.xtrim(STREAM, maxlen=2, approximate=False)
    seen: list[int] = []
    service = Service(GROUP, redis=server.url)
    service.consume(STREAM, lease=LEASE)

    @service.on(Note, stream=STREAM)
    async def note(event: Note) -> None:
        seen.append(event.number)

    async with running(service, client):
        await until_drained(client)
        await eventually(lambda: service.consumers[0].stats.lost_to_trimming == 3, what="all three are counted")

    assert sorted(seen) == [3, 4]
    assert not await client.exists(KEYS.dead)
