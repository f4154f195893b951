"""A server in memory answers as a real one does, command by command."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from redis.exceptions import ResponseError

from sluiceway.connection import Endpoint, Link
from sluiceway.connection.detour import detour
from sluiceway.embedded import EmbeddedServer
from sluiceway.testing.memory import MemoryServer

ID = re.compile(rb"\d{13}-\d+")

SCRIPTS: dict[str, list[str]] = {
    "what is no entry ID": [
        "XGROUP CREATE s g 0 MKSTREAM",
        "XRANGE s none +",
    ],
    "reading in a group": [
        "XGROUP CREATE s g 0 MKSTREAM",
        "XADD s * n 1",
        "XADD s * n 2 m 2",
        "XREADGROUP GROUP g a COUNT 1 STREAMS s t >  >",
        "XGROUP CREATE t g $ MKSTREAM",
        "XREADGROUP GROUP g a COUNT 1 STREAMS s t > >",
        "XREADGROUP GROUP g b COUNT 9 STREAMS s t > >",
        "XREADGROUP GROUP g b COUNT 9 STREAMS s t > >",
        "XPENDING s g",
        "XPENDING s g - + 9",
        "XPENDING s g - + 9 b",
        "XPENDING s g @1 @1 1 a",
        "XPENDING s g (@0 + 9",
        "XACK s g @0 @0",
        "XACK s g @0",
        "XACK s nobody @1",
        "XPENDING s g",
        "XPENDING t g",
        "XGROUP DELCONSUMER s g b",
        "XPENDING s g",
        "XGROUP DESTROY s g",
        "XGROUP DESTROY s g",
        "XPENDING s g - + 9",
        "XREADGROUP GROUP g a COUNT 1 STREAMS s >",
        "XGROUP CREATE s g @0",
        "XGROUP CREATE s g @0",
        "XREADGROUP GROUP g a COUNT 9 STREAMS s >",
        "XGROUP CREATE none g 0",
        "XINFO GROUPS none",
    ],
    "claiming": [
        "XGROUP CREATE s g 0 MKSTREAM",
        "XADD s * n 0",
        "XADD s * n 1",
        "XADD s * n 2",
        "XADD s * n 3",
        "XREADGROUP GROUP g a COUNT 3 STREAMS s >",
        "XCLAIM s g b 3600000 @0",
        "XCLAIM s g b 0 @0",
        "XCLAIM s g b 0 @0 JUSTID",
        "XCLAIM s g b 0 @1 IDLE 3600000 RETRYCOUNT 7 JUSTID",
        "XCLAIM s g b 0 @3 JUSTID",
        "XCLAIM s g b 0 @3 FORCE JUSTID RETRYCOUNT 2",
        "XDEL s @2",
        "XPENDING s g - + 9",
        "XAUTOCLAIM s g c 1800000 0-0 COUNT 9 JUSTID",
        "XAUTOCLAIM s g c 0 0-0 COUNT 2 JUSTID",
        "XAUTOCLAIM s g c 0 @3 COUNT 2 JUSTID",
        "XDEL s @0",
        "XCLAIM s g d 0 @0 JUSTID",
        "XPENDING s g - + 9",
        "XCLAIM s nobody d 0 @0 JUSTID",
    ],
    "ranges and trimming": [
        "XADD s * n 0",
        "XADD s * n 1",
        "XADD s * n 2",
        "XADD s * n 3",
        "XADD s * n",
        "XLEN s",
        "XRANGE s - +",
        "XRANGE s (@0 + COUNT 1",
        "XRANGE s - (@1",
        "XRANGE s @2 @2",
        "XRANGE none - +",
        "XREVRANGE s + - COUNT 1",
        "XTRIM s MINID @1",
        "XTRIM s MAXLEN 2",
        "XRANGE s - +",
        "XDEL s @3 @0",
        "XLEN s",
        "XTRIM s MAXLEN 0",
        "XLEN s",
        "EXISTS s none",
        "TYPE s",
        "XADD s * n 4",
    ],
    "hashes, sets and keys": [
        "HSET h a 1 b 2",
        "HSET h a 3",
        "HSETNX h a 4",
        "HSETNX h c 5",
        "HGET h a",
        "HGET h none",
        "HGETALL h",
        "HGETALL none",
        "HEXISTS h a",
        "HINCRBY h n 4",
        "HINCRBY h n -1",
        "HDEL h a b none",
        "HDEL h c n",
        "EXISTS h",
        "SADD m x y",
        "SADD m y z",
        "SMISMEMBER m x none z",
        "SMISMEMBER none x",
        "SCARD m",
        "TYPE m",
        "PTTL m",
        "PTTL none",
        "PEXPIREAT none 9999999999999",
        "PEXPIREAT m 1",
        "EXISTS m",
        "SADD m x",
        "HGET m x",
        "XADD m * n 1",
        "XLEN m",
        "DEL m none",
        "TYPE m",
        "PING",
    ],
}


async def answers(link: Link, commands: Sequence[str]) -> list[Any]:
    """What each command answers, its entry IDs exchanged for their places and idle times for a word."""
    seen: list[bytes] = []

    def plain(reply: Any) -> Any:
        if isinstance(reply, list):
            # of XPENDING's entries the third is the time without a sign of life
            idle = len(reply) == 4 and isinstance(reply[2], int) and isinstance(reply[3], int)
            return [plain(each) for each in ([*reply[:2], b"idle", reply[3]] if idle else reply)]
        if isinstance(reply, bytes) and ID.fullmatch(reply):
            if reply not in seen:
                seen.append(reply)
            return f"@{seen.index(reply)}"
        return reply

    replies: list[Any] = []
    for command in commands:
        words = [re.sub("@([0-9]+)", lambda place: seen[int(place[1])].decode(), word) for word in command.split()]
        try:
            replies.append(plain(await link.call(*words)))
        except ResponseError as error:
            replies.append(str(error))
    return replies


@pytest.mark.parametrize("about", SCRIPTS)
async def test_a_server_in_memory_answers_as_a_real_one(about: str, server: EmbeddedServer) -> None:
    real, double = Link(Endpoint(server.url), "s"), Link(Endpoint("redis://nowhere.invalid"), "s")
    expected = await answers(real, SCRIPTS[about])
    await real.close()

    detour.set(MemoryServer())
    given = await answers(double, SCRIPTS[about])

    answered = zip(SCRIPTS[about], given, expected, strict=True)
    assert [each for each in answered if each[1] != each[2]] == []


async def test_what_a_server_in_memory_tells_of_a_stream_is_what_a_real_one_tells(server: EmbeddedServer) -> None:
    commands = ["XADD s * n 0", "XADD s * n 1", "XADD s * n 2", "XTRIM s MINID @1", "XINFO STREAM s"]
    real, double = Link(Endpoint(server.url), "s"), Link(Endpoint("redis://nowhere.invalid"), "s")
    [*_, expected] = await answers(real, commands)
    await real.close()

    detour.set(MemoryServer())
    [*_, given] = await answers(double, commands)

    told = dict(zip(given[::2], given[1::2], strict=True))
    assert told[b"entries-added"] == 3
    assert told == {name: _field(expected, name) for name in told}


def _field(flat: list[Any], name: bytes) -> Any:
    return flat[flat.index(name) + 1]
