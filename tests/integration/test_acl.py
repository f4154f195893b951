"""docs/guide/acl.md gives each user all that it needs and nothing else: with any one rule left out, something says so."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis.asyncio
from structlog.testing import capture_logs
from tests.support.acl import create_user, denials, documented_rules, is_told, without
from tests.support.consuming import KEYS, drained, one_server, running
from tests.support.eventually import eventually
from tests.support.numbered import QUICK, Answered, Numbered, append, publish_numbers

from sluiceway import Context, DeadLetters, Publisher, PublishError, Reject, Retry, Service, Trim
from sluiceway.cli.main import main
from sluiceway.embedded import EmbeddedServer
from sluiceway.keys import lost_key
from sluiceway.readiness import readiness
from sluiceway.scripts import load

Redis = redis.asyncio.Redis

PRODUCER = documented_rules("A producer")
CAPPED = documented_rules("A producer with `unsafe_max_length`")
CONSUMER = documented_rules("A consumer")
READER = documented_rules("Somebody who looks")
MENDER = documented_rules("Somebody who mends")


@pytest.fixture(autouse=True)
def _no_denials_of_earlier_tests(server: EmbeddedServer) -> None:
    denials(server)


# --- producers --------------------------------------------------------------------------------------------------------


async def produce(url: str, max_length: int | None) -> int:
    """Publish more than the cap to a stream that a group has not read to its end; return what was lost."""
    async with Publisher(url, "orders", unsafe_max_length=max_length) as publisher:
        await publisher.publish(Numbered(number=1))
        await publisher.publish_many([Numbered(number=2), Numbered(number=3)])
        return publisher.lost


@pytest.mark.parametrize(("rules", "max_length", "lost"), [(PRODUCER, None, 0), (CAPPED, 1, 3)])
async def test_a_producer_needs_no_more_than_its_rules(
    server: EmbeddedServer, client: Redis, rules: tuple[str, ...], max_length: int | None, lost: int
) -> None:
    await prepare_group(client)

    assert await produce(create_user(server, *rules), max_length) == lost
    assert denials(server) == []


@one_server
@pytest.mark.parametrize(
    ("rules", "rule", "max_length"),
    [*((PRODUCER, each, None) for each in PRODUCER), *((CAPPED, each, 1) for each in CAPPED)],
)
async def test_a_producer_that_lacks_a_rule_is_told_which(
    server: EmbeddedServer, client: Redis, rules: tuple[str, ...], rule: str, max_length: int | None
) -> None:
    await prepare_group(client)
    url = create_user(server, *without(rules, rule))

    with pytest.raises(PublishError, match="ACL SETUSER") as refused:
        await produce(url, max_length)

    assert is_told(rule, str(refused.value))


async def prepare_group(client: Redis) -> None:
    """One entry that was read and not acknowledged, in a group that sees what comes after it."""
    await append(client, "orders", 0)
    await client.xgroup_create("orders", "payments", "0")
    await client.xreadgroup("payments", "pod-1", {"orders": ">"})


# --- consumers --------------------------------------------------------------------------------------------------------


class Work:
    """A handler that does all a handler can: publishes, fails, gives up, lasts longer than a lease.

    Attributes:
        runs: The numbers of the events it was given.
    """

    def __init__(self) -> None:
        self.runs: list[int] = []
        self.release = asyncio.Event()

    async def handle(self, event: Numbered, context: Context) -> Answered:
        self.runs.append(event.number)
        if event.number == 2 and context.delivery_count == 1:
            raise RuntimeError("once")
        if event.number == 3 and self.runs.count(3) == 1:
            raise Reject("first time")
        if event.number == 4:
            await self.release.wait()
        return Answered(number=event.number)


def consumer(url: str, work: Work) -> Service:
    service = Service("payments", url, grace_seconds=2)
    retry = Retry(attempts=3, first_seconds=0.05)
    service.on(Numbered, stream="orders", publishes="receipts", retry=retry)(work.handle)
    service.consume("orders", lease=QUICK, trim=Trim(keep=0, every_seconds=0.1))
    return service


async def test_a_consumer_needs_no_more_than_its_rules(server: EmbeddedServer, client: Redis) -> None:
    work = Work()
    service = consumer(create_user(server, *CONSUMER), work)
    mender = create_user(server, *MENDER)
    await prepare_group(client)  # its entry 0 is another consumer's, to be taken over

    with capture_logs() as logs:
        async with running(service, client):
            await publish_numbers(server, "orders", [1, 2, 3, 4])
            await eventually(lambda: {0, 1, 2, 3, 4} <= set(work.runs), within_seconds=60)
            assert work.runs.count(2) == 2
            await eventually(lambda: has_letters(mender), what="a dead letter")
            assert await replay_all(mender) == 1
            await eventually(lambda: work.runs.count(3) == 2, what="the replay")
            await eventually(lambda: lease_was_renewed(client))
            work.release.set()
            await eventually(lambda: drained(client))
            async with Publisher(server.url, "orders") as publisher:
                await publisher.publish(Numbered(number=5), event_id="five")
                await publisher.publish(Numbered(number=6), event_id="five")
            await eventually(lambda: service.consumers[0].stats.settled["duplicate"] == 1)
            await eventually(lambda: is_trimmed(client), what="a trimmed stream")
            await client.xgroup_destroy("orders", "payments")
            await publish_numbers(server, "orders", [7])
            await eventually(lambda: 7 in work.runs and service.consumers[0].stats.repaired == 1)
            await eventually(lambda: drained(client))
            assert readiness(service) == []

    assert denials(server) == []
    assert [log["event"] for log in logs if "not as it should" in log["event"] or "could not" in log["event"]] == []
    assert await client.exists(KEYS.scratch) == 0


async def has_letters(url: str) -> int:
    async with DeadLetters(url, "orders", "payments") as letters:
        return await letters.count()


async def replay_all(url: str) -> int:
    async with DeadLetters(url, "orders", "payments") as letters:
        return await letters.replay_all()


async def lease_was_renewed(client: Redis) -> bool:
    """Whether the only pending entry was claimed a moment ago, though nothing but its lease can have done it."""
    pending: Any = await client.xpending_range("orders", "payments", "-", "+", 10)
    return len(pending) == 1 and pending[0]["time_since_delivered"] < QUICK.seconds * 1000 / 3


async def is_trimmed(client: Redis) -> bool:
    return await client.xlen("orders") <= 1


@one_server
@pytest.mark.parametrize("rule", CONSUMER)
async def test_a_consumer_that_lacks_a_rule_says_which_and_goes_on_once_it_has_it(
    server: EmbeddedServer, client: Redis, rule: str
) -> None:
    work = Work()
    service = consumer(create_user(server, *without(CONSUMER, rule), name="poor"), work)
    await publish_numbers(server, "orders", [1])

    with capture_logs() as logs:
        async with running(service, client):
            await eventually(lambda: any(is_told(rule, str(log.get("error"))) for log in logs))
            if rule not in ("~receipts", "+xadd"):
                # Everything but what is published is looked at before anything is read.
                assert work.runs == []
                (problem,) = readiness(service)
                assert is_told(rule, problem)

            await client.execute_command("ACL", "SETUSER", "poor", rule)  # type: ignore[no-untyped-call]

            await eventually(lambda: drained(client), within_seconds=60)
            assert work.runs == [1]
            assert await client.xlen("receipts") == 1


async def test_a_right_that_is_taken_away_while_a_consumer_runs_is_named(server: EmbeddedServer, client: Redis) -> None:
    work = Work()
    service = consumer(create_user(server, *CONSUMER, name="poor"), work)
    command: Callable[..., Awaitable[Any]] = client.execute_command
    async with running(service, client):
        await eventually(lambda: readiness(service) == [])

        await command("ACL", "SETUSER", "poor", "-xautoclaim")

        await eventually(lambda: is_told("+xautoclaim", service.consumers[0].health.fault or ""))
        await command("ACL", "SETUSER", "poor", "+xautoclaim")
        await eventually(lambda: service.consumers[0].health.fault is None)


def test_the_consumers_rules_are_the_commands_that_its_scripts_call() -> None:
    scripts = ("commit", "fail", "known", "release", "renew", "repair", "start", "takeover", "trim")
    called = {"evalsha", "eval", "xreadgroup"} | {name for script in scripts for name in calls_of(script)}

    assert {rule.removeprefix("+") for rule in CONSUMER if rule.startswith("+")} == called
    assert calls_of("rights") == called - {"evalsha", "eval", "xadd"}


def calls_of(script: str) -> set[str]:
    """The commands in a script's text, with their subcommands."""
    text = load(script).source.decode()
    calls = re.findall(r"(?:redis\.p?call\(|try\('[^']+', )'(\w+)'(?:, '(GROUPS|STREAM|CREATE|DELCONSUMER)')?", text)
    return {"|".join(filter(None, call)).lower() for call in calls}


# --- people -----------------------------------------------------------------------------------------------------------

Told = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Told:
    """Run a command within this process, and return its exit code and all it wrote."""

    async def run(url: str, *arguments: str) -> tuple[int, str]:
        code = await asyncio.to_thread(main, (*arguments, "--redis", url))
        written = capsys.readouterr()
        return code, written.out + written.err

    return run


async def prepare_flow(server: EmbeddedServer, client: Redis) -> None:
    """The flow `c-1`: an event that waits for its retry, one that became a dead letter, one that is replayed."""

    async def fail(event: Numbered) -> None:
        if event.number:
            raise Reject("no")
        raise RuntimeError("later")

    service = Service("payments", server.url, grace_seconds=2)
    service.on(Numbered, stream="orders", retry=Retry(first_seconds=900, cap_seconds=900))(fail)
    async with running(service, client), Publisher(server.url, "orders") as publisher:
        for number in range(3):
            await publisher.publish(Numbered(number=number), correlation_id="c-1")
        await eventually(lambda: client.xlen(KEYS.dead), what="dead letters")
        await eventually(lambda: has_two(client))
        await eventually(lambda: client.hlen(KEYS.retry))
    async with DeadLetters(server.url, "orders", "payments") as letters:
        first = await anext(letters.list())
        await letters.replay(first.id)
        second = await anext(letters.list())
    assert second.id != first.id


async def has_two(client: Redis) -> bool:
    return await client.xlen(KEYS.dead) == 2


async def letter_ids(client: Redis) -> list[str]:
    letters: Any = await client.xrange(KEYS.dead)
    return [entry_id.decode() for entry_id, _ in letters]


async def looks(cli: Told, client: Redis, url: str) -> list[tuple[int, str]]:
    """Everything that somebody who looks does."""
    (letter,) = await letter_ids(client)
    return [
        await cli(url, "groups"),
        await cli(url, "trace", "c-1"),
        await cli(url, "dlq", "list", "orders", "payments"),
        await cli(url, "dlq", "show", "orders", "payments", letter),
    ]


async def test_somebody_who_looks_needs_no_more_than_the_rules(
    server: EmbeddedServer, client: Redis, cli: Told
) -> None:
    await prepare_flow(server, client)
    reader = create_user(server, *READER)

    groups, trace, letters, letter = await looks(cli, client, reader)

    assert [code for code, _ in (groups, trace, letters, letter)] == [0, 0, 0, 0]
    for wanted in ("waiting for a retry", "dead letter", "replayed"):
        assert wanted in trace[1]
    assert denials(server) == []
    code, told = await cli(reader, "publish", "orders", "ORDER")
    assert code == 1
    assert is_told("+evalsha", told)


@one_server
@pytest.mark.parametrize("rule", READER)
async def test_somebody_who_looks_and_lacks_a_rule_is_told_which(
    server: EmbeddedServer, client: Redis, cli: Told, rule: str
) -> None:
    await prepare_flow(server, client)
    reader = create_user(server, *without(READER, rule))

    ended = await looks(cli, client, reader)

    if rule == "%R~orders":
        assert "1 streams are left out: this user may not look at them" in ended[0][1]
    else:
        assert any(code == 1 and is_told(rule, told) for code, told in ended)


async def mends(cli: Told, client: Redis, url: str) -> list[tuple[int, str]]:
    """Everything that somebody who mends does."""
    ids = await letter_ids(client)
    ended = [
        await cli(url, "dlq", "list", "orders", "payments"),
        await cli(url, "dlq", "replay", "orders", "payments", ids[0]),
        await cli(url, "dlq", "purge", "orders", "payments", ids[1], "--yes"),
        await cli(url, "dlq", "purge", "orders", "payments", "--all", "--yes"),
    ]
    try:
        await replay_all(url)
    except redis.ResponseError as error:
        ended.append((1, str(error)))
    return ended


async def prepare_letters(client: Redis) -> None:
    await client.xgroup_create("orders", "payments", "0", mkstream=True)
    for number in range(3):
        about = {
            "entryId": f"{number}-1",
            "reason": "rejected",
            "starts": 1,
            "lastTime": 0,
            "errorType": "Reject",
            "error": "no",
        }
        await client.xadd(KEYS.dead, {"deadLetter": json.dumps(about), "type": "NUMBERED"})


async def test_somebody_who_mends_needs_no_more_than_the_rules(
    server: EmbeddedServer, client: Redis, cli: Told
) -> None:
    await prepare_letters(client)

    ended = await mends(cli, client, create_user(server, *MENDER))

    assert [code for code, _ in ended] == [0, 0, 0, 0]
    assert await client.xlen(KEYS.dead) == 0
    assert await client.xlen(KEYS.replay) == 1
    assert denials(server) == []


@one_server
@pytest.mark.parametrize("rule", MENDER)
async def test_somebody_who_mends_and_lacks_a_rule_is_told_which(
    server: EmbeddedServer, client: Redis, cli: Told, rule: str
) -> None:
    await prepare_letters(client)

    ended = await mends(cli, client, create_user(server, *without(MENDER, rule)))

    assert any(code == 1 and is_told(rule, told) for code, told in ended)


@pytest.mark.parametrize("rules", [PRODUCER, CAPPED, CONSUMER, READER, MENDER])
async def test_no_rule_is_dangerous_or_covers_more_than_it_names(client: Redis, rules: tuple[str, ...]) -> None:
    dangerous = set(await client.acl_cat("dangerous"))

    assert {rule.removeprefix("+") for rule in rules} & dangerous == set()
    assert [rule for rule in rules if "@" in rule or "all" in rule or rule in ("~*", "&*")] == []


def test_the_capped_producers_lost_counts_are_the_documented_key() -> None:
    assert f"~{lost_key('orders')}" in CAPPED
