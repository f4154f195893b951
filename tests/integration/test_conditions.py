"""Users with few rights, and servers that refuse writes."""

import pytest
import redis
import redis.asyncio
from tests.support.acl import create_user
from tests.support.conditions import full, read_only

from sluiceway.embedded import EmbeddedServer


async def test_a_user_may_do_only_what_the_rules_say(server: EmbeddedServer) -> None:
    url = create_user(server, "~orders", "+@all", "-xadd")

    async with redis.asyncio.Redis.from_url(url) as user:
        assert await user.xlen("orders") == 0
        with pytest.raises(redis.exceptions.NoPermissionError):
            await user.xadd("orders", {"type": "A"})
        with pytest.raises(redis.exceptions.NoPermissionError):
            await user.xlen("payments")


def test_a_user_of_the_same_name_starts_from_nothing(server: EmbeddedServer) -> None:
    create_user(server, "~*", "+@all", name="consumer")

    with redis.Redis.from_url(create_user(server, "+ping", name="consumer")) as user:
        assert user.ping()
        with pytest.raises(redis.exceptions.NoPermissionError):
            user.get("a")


def test_a_full_server_refuses_writes_until_there_is_room(own_server: EmbeddedServer) -> None:
    with redis.Redis.from_url(own_server.url) as client:
        client.set("a", "1")

        with full(own_server):
            with pytest.raises(redis.exceptions.OutOfMemoryError):
                client.set("a", "2")
            assert client.get("a") == b"1"

        assert client.set("a", "2")


def test_a_read_only_server_keeps_its_data_and_refuses_writes(own_server: EmbeddedServer) -> None:
    with redis.Redis.from_url(own_server.url) as client:
        client.set("a", "1")

        with read_only(own_server):
            with pytest.raises(redis.exceptions.ReadOnlyError):
                client.set("a", "2")
            assert client.get("a") == b"1"

        assert client.set("a", "2")
