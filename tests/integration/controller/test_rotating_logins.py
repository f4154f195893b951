"""Logins in Secrets, on a real server: what changes there and here is followed, and nobody touches a resource."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from tests.support.control import resource
from tests.support.eventually import eventually
from tests.support.fleets import World
from tests.support.secrets_contract import KeptSecrets

from sluiceway.embedded import EmbeddedServer
from sluiceway_operator.control import SecretServers

LOGIN = {"credentialsSecretRef": {"name": "login"}}


@contextmanager
def administrator(server: EmbeddedServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url) as client:
        yield client


def let_in(server: EmbeddedServer, password: str) -> None:
    """Have the operator's user log in with this password, and nothing else; who is connected has to do so anew."""
    with administrator(server) as client:
        rules = ("resetpass", "on", f">{password}", "~*", "&*", "+@all")
        client.execute_command("ACL", "SETUSER", "operator", *rules)  # type: ignore[no-untyped-call]
        client.client_kill_filter(_type="normal", skipme=True)


@pytest.fixture
def secrets() -> KeptSecrets:
    return KeptSecrets()


@pytest.fixture
def world(secrets: KeptSecrets) -> World:
    return World(SecretServers(secrets))


async def test_a_password_that_was_changed_is_read_again_once_the_server_refuses_the_old_one(
    own_server: EmbeddedServer, secrets: KeptSecrets, world: World
) -> None:
    let_in(own_server, "old")
    secrets.keep("login", {"username": b"operator", "password": b"old"})
    async with world.running():
        world.put(resource("payments", redis={"url": own_server.url, **LOGIN}), replicas=2)
        await eventually(world.told_of("payments", "BacklogKnown", "True"))

        let_in(own_server, "new")
        await eventually(world.told_of("payments", "BacklogKnown", "False"))
        secrets.keep("login", {"username": b"operator", "password": b"new"})

        # far less than the half minute after which every address is asked for again
        await eventually(world.told_of("payments", "BacklogKnown", "True"), within_seconds=20)


async def test_a_secret_that_is_missing_is_told_and_found_once_it_is_made(
    own_server: EmbeddedServer, secrets: KeptSecrets, world: World
) -> None:
    let_in(own_server, "hidden")
    async with world.running():
        world.put(resource("payments", redis={"url": own_server.url, **LOGIN}), replicas=2)
        await eventually(world.told_of("payments", "BacklogKnown", "False"))
        told, written = world.told.condition("payments", "BacklogKnown"), list(world.workloads.written)

        secrets.keep("login", {"username": b"operator", "password": b"hidden"})

        await eventually(world.told_of("payments", "BacklogKnown", "True"), within_seconds=30)
    assert (told.reason, told.message) == (
        "SecretMissing",
        "spec.redis.credentialsSecretRef: there is no Secret shops/login; make it",
    )
    assert written == []


async def test_resources_with_equal_logins_share_a_client_and_others_do_not(
    own_server: EmbeddedServer, secrets: KeptSecrets, world: World
) -> None:
    let_in(own_server, "hidden")
    secrets.keep("login", {"username": b"operator", "password": b"hidden"})
    secrets.keep("copy", {"username": b"operator", "password": b"hidden"})
    copy = {"url": own_server.url, "credentialsSecretRef": {"name": "copy"}}
    async with world.running():
        world.put(resource("payments", redis={"url": own_server.url, **LOGIN}))
        world.put(resource("reports", redis=copy))
        world.put(resource("audit", url=own_server.url))

        for name in ("payments", "reports", "audit"):
            await eventually(world.told_of(name, "BacklogKnown", "True"))

        assert sorted(len(endpoint.tracked) for endpoint in world.fleet.endpoints.values()) == [1, 2]
