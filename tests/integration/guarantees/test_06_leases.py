"""Promise 6: what a consumer looks after is left to it, and what it no longer looks after is taken over, without harm.

That something does *not* happen is seen with a bait: an entry of a dead consumer that was read later and is not renewed.
Once it is taken over, everything read before it that was not renewed would be gone as well.
"""

from pathlib import Path
from typing import Any, cast

import redis.asyncio
from tests.support.consuming import one_server
from tests.support.eventually import eventually
from tests.support.processes import Program, Programs
from tests.support.programs.worker import Options, Work
from tests.support.workers import GROUP, STREAM, Worker, arguments, numbered, pending, publish, results

from sluiceway import Lease, Retry
from sluiceway.connection import Endpoint, Link
from sluiceway.embedded import EmbeddedServer
from sluiceway.scripts import load

SHORT = Lease(seconds=0.6, poll_seconds=0.1)
LONG = Lease(seconds=60, poll_seconds=0.05)
UNINTERESTED = Lease(seconds=0.6, poll_seconds=3600)
"""Of a consumer that renews what it has and takes over nothing, so that every bait goes to its rival."""
EXPIRED_MILLISECONDS = 3_600_000


async def read_as_dead(client: redis.asyncio.Redis, count: int) -> list[str]:
    """Read new entries under the name of a consumer that does nothing more."""
    reply: Any = await client.xreadgroup(GROUP, "dead", {STREAM: ">"}, count=count)
    return [entry_id.decode() for entry_id, _ in reply[0][1]]


async def bait(client: redis.asyncio.Redis, name: str, *rivals: Worker) -> None:
    """Leave an entry to a dead consumer and wait until one of the rivals has handled and settled it."""
    # Both in one step, or a live consumer would read it first.
    step: Any = client.pipeline(transaction=True)
    step.xadd(STREAM, {"type": "WORK", "payload": Work(name=name).encode()})
    step.xreadgroup(GROUP, "dead", {STREAM: ">"}, count=1)
    entry_id = (await step.execute())[0].decode()
    await eventually(
        lambda: any(name in rival.finished for rival in rivals), within_seconds=12, what=f"{name} taken over"
    )

    async def settled() -> bool:
        return entry_id not in await pending(client)

    await eventually(settled, what=f"{name} settled")


def start(programs: Programs, folder: Path, options: Options) -> Program:
    return programs.start(*arguments(folder, options))


@one_server
async def test_a_handler_longer_than_the_lease_and_what_is_buffered_behind_it_stay_with_their_consumer(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await publish(server.url, numbered(5, "wait"))
    async with Worker(server.url, "busy", lease=UNINTERESTED) as busy:
        await eventually(lambda: busy.held == 5)
        async with Worker(server.url, "rival", lease=SHORT, on={"concurrency": 8}) as rival:
            await bait(client, "bait", rival)
            assert rival.started == ["bait"]
            busy.open("0", "1", "2", "3", "4")
            await eventually(lambda: len(busy.finished) == 5)
        assert busy.started == ["0", "1", "2", "3", "4"]
        assert busy.leases_lost == 0
    assert sorted(await results(client)) == ["0", "1", "2", "3", "4", "bait"]


@one_server
async def test_a_retry_that_waits_longer_than_the_lease_stays_with_its_consumer(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    (entry_id,) = await publish(server.url, numbered(1, "wait"))
    slow = Retry(attempts=5, first_seconds=600, cap_seconds=600)
    async with Worker(server.url, "busy", lease=UNINTERESTED, on={"timeout_seconds": 0.05, "retry": slow}) as busy:
        await eventually(lambda: busy.service.consumers[0].holdings.waiting == 1)
        async with Worker(server.url, "rival", lease=SHORT) as rival:
            await bait(client, "bait", rival)
            assert await pending(client) == {entry_id: ("busy", 1)}


@one_server
async def test_a_busy_event_loop_does_not_cost_the_leases_of_its_neighbours(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs, tmp_path: Path
) -> None:
    works = [Work(name="neighbour", act="wait"), Work(name="blocker", act="block"), Work(name="buffered")]
    await publish(server.url, works)
    program = start(
        programs,
        tmp_path,
        {"redis": server.url, "consumer": "busy", "lease_seconds": 0.6, "poll_seconds": 3600, "concurrency": 2},
    )
    await program.line('"started", "name": "blocker"')
    async with Worker(server.url, "rival", lease=SHORT, on={"concurrency": 8}) as rival:
        await bait(client, "bait", rival)
        assert rival.started == ["bait"]
        (tmp_path / "blocker").touch()
        (tmp_path / "neighbour").touch()
        await eventually(lambda: len(program_steps(program, "finished")) == 3)
    await eventually(lambda: settled(client, 4))
    assert sorted(program_steps(program, "started")) == ["blocker", "buffered", "neighbour"]
    assert sorted(await results(client)) == ["bait", "blocker", "buffered", "neighbour"]


@one_server
async def test_a_handler_that_blocks_past_its_time_limit_is_taken_over_and_its_neighbours_are_not(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs, tmp_path: Path
) -> None:
    await publish(server.url, [Work(name="blocker", act="block"), Work(name="buffered")])
    program = start(
        programs,
        tmp_path,
        {"redis": server.url, "consumer": "stuck", "lease_seconds": 0.6, "poll_seconds": 3600, "timeout_seconds": 0.3},
    )
    await program.line('"started", "name": "blocker"')
    async with Worker(server.url, "rival", lease=SHORT) as rival:
        rival.open("blocker")
        await eventually(lambda: rival.finished == ["blocker"], what="the stuck consumer's entry taken over")
        await eventually(lambda: committed(client, "blocker"))
        await bait(client, "bait", rival)
        assert rival.started == ["blocker", "bait"]
        (tmp_path / "blocker").touch()
        await program.line('"finished", "name": "buffered"')
    await eventually(lambda: settled(client, 3))
    assert program_steps(program, "finished") == ["blocker", "buffered"], "the stuck handler did end"
    assert sorted(await results(client)) == ["bait", "blocker", "buffered"], "but its output is not written again"


@one_server
async def test_a_consumer_paused_beyond_its_lease_leaves_its_entries_to_the_new_owner(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs, tmp_path: Path
) -> None:
    first, _ = await publish(server.url, [Work(name="running", act="wait"), Work(name="buffered")])
    paused = start(programs, tmp_path, {"redis": server.url, "consumer": "paused", "lease_seconds": 0.6})
    await paused.line('"started", "name": "running"')
    paused.pause()
    async with Worker(server.url, "heir", lease=SHORT, on={"concurrency": 2}) as heir:
        await eventually(lambda: sorted(heir.started) == ["buffered", "running"], within_seconds=12)

        paused.resume()

        await paused.line('"cancelled", "name": "running"', within_seconds=12)
        await paused.line("Lease was lost")
        assert await pending(client, "heir") == {first: ("heir", 2)}
        heir.open("running")
        await eventually(lambda: settled(client, 2))
        assert heir.leases_lost == 0
    assert program_steps(paused, "started") == ["running"]
    assert sorted(await results(client)) == ["buffered", "running"]


@one_server
async def test_a_consumer_that_wakes_up_after_others_did_its_work_doubles_nothing(
    server: EmbeddedServer, client: redis.asyncio.Redis, programs: Programs, tmp_path: Path
) -> None:
    await publish(server.url, [Work(name="running", act="wait"), Work(name="buffered")])
    paused = start(programs, tmp_path, {"redis": server.url, "consumer": "paused", "lease_seconds": 0.6})
    await paused.line('"started", "name": "running"')
    paused.pause()
    async with Worker(server.url, "heir", lease=SHORT) as heir:
        heir.open("running")
        await eventually(lambda: settled(client, 2), within_seconds=12)

    # Its handler may go on at once, so it may finish before its keeper learns that the lease is lost.
    (tmp_path / "running").touch()
    paused.resume()
    await publish(server.url, [Work(name="next")])

    await paused.line('"finished", "name": "next"')
    await eventually(lambda: settled(client, 3))
    assert sorted(await results(client)) == ["buffered", "next", "running"]


async def test_a_renewal_leaves_an_entry_to_its_new_owner(server: EmbeddedServer, client: redis.asyncio.Redis) -> None:
    (entry_id,) = await publish(server.url, numbered(1))
    await client.xgroup_create(STREAM, GROUP, "0")
    await client.xreadgroup(GROUP, "old", {STREAM: ">"})
    await client.xclaim(STREAM, GROUP, "new", 0, [entry_id], idle=EXPIRED_MILLISECONDS)

    lost = await renew(server, "old", entry_id)

    assert lost == [entry_id.encode()]
    (entry,) = cast("Any", await client.xpending_range(STREAM, GROUP, "-", "+", 10))
    assert entry["consumer"] == b"new"
    assert entry["time_since_delivered"] >= EXPIRED_MILLISECONDS


async def test_a_renewal_keeps_the_pending_reference_of_a_trimmed_entry(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    trimmed, kept = await publish(server.url, numbered(2))
    await client.xgroup_create(STREAM, GROUP, "0")
    await client.xreadgroup(GROUP, "me", {STREAM: ">"})
    await client.xtrim(STREAM, maxlen=1, approximate=False)

    lost = await renew(server, "me", trimmed, kept)

    assert lost == []
    assert await pending(client) == {trimmed: ("me", 1), kept: ("me", 1)}


async def test_an_expired_entry_behind_a_long_pending_list_is_found_in_bounded_steps(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    # A takeover of at most 4 entries looks at 40, so 1,500 entries of a live consumer take some polls to pass.
    await publish(server.url, [*numbered(1500, "wait"), Work(name="expired")])
    await client.xgroup_create(STREAM, GROUP, "0")
    await client.xreadgroup(GROUP, "live", {STREAM: ">"}, count=1500)
    (expired,) = await read_as_dead(client, 1)
    await client.xclaim(STREAM, GROUP, "dead", 0, [expired], idle=EXPIRED_MILLISECONDS, justid=True)
    await client.config_resetstat()

    async with Worker(server.url, "finder", lease=LONG, consume={"in_flight": 4}) as finder:
        await eventually(lambda: finder.finished == ["expired"], what="the expired entry taken over")
        statistics = await client.info("commandstats")

    assert len(await pending(client, "live")) == 1500
    looks = statistics["cmdstat_xautoclaim"]["calls"]
    assert looks <= 2 * 1500 / 40, "each look goes on where the one before ended"


async def test_recovery_does_not_start_again_what_its_own_consumer_holds(
    server: EmbeddedServer, client: redis.asyncio.Redis
) -> None:
    await publish(server.url, [Work(name="dead's"), Work(name="own", act="wait")])
    await client.xgroup_create(STREAM, GROUP, "0")
    (deads,) = await read_as_dead(client, 1)
    async with Worker(server.url, "me", lease=LONG, on={"concurrency": 4}) as worker:
        await eventually(lambda: worker.started == ["own"])
        (own,) = await pending(client, "me")
        # As if renewals had not got through: one search finds both.
        step: Any = client.pipeline(transaction=True)
        step.xclaim(STREAM, GROUP, "me", 0, [own], idle=EXPIRED_MILLISECONDS, justid=True)
        step.xclaim(STREAM, GROUP, "dead", 0, [deads], idle=EXPIRED_MILLISECONDS, justid=True)
        await step.execute()

        await eventually(lambda: "dead's" in worker.finished)
        worker.open("own")
        await eventually(lambda: settled(client, 2))

        assert worker.started == ["own", "dead's"]
    assert sorted(await results(client)) == ["dead's", "own"]


async def committed(client: redis.asyncio.Redis, name: str) -> bool:
    return name in await results(client)


async def settled(client: redis.asyncio.Redis, count: int) -> bool:
    return len(await results(client)) >= count and not await pending(client)


async def renew(server: EmbeddedServer, consumer: str, *entry_ids: str) -> list[bytes]:
    link = Link(Endpoint(server.url), STREAM)
    try:
        lost: list[bytes] = await link.run(load("renew"), [STREAM], [GROUP, consumer, *entry_ids])
    finally:
        await link.close()
    return lost


def program_steps(program: Program, step: str) -> list[str]:
    return [record["name"] for record in program.records if record.get("step") == step]
