"""Where a server is and who we are to it, as a resource and the Secrets that it names say."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.support.control import Clock, resource
from tests.support.secrets_contract import KeptSecrets, SecretsContract

from sluiceway_operator.connection import Tls
from sluiceway_operator.control import SecretServers, ServerAddress, ServerUnknown
from sluiceway_operator.ports import SecretForbidden, SecretUnavailable

URL = "rediss://redis:6379/0"


class MemoryVault:
    """Secrets in memory, as the contract's cases use them."""

    namespace = "shops"

    def __init__(self) -> None:
        self.secrets = KeptSecrets()
        self.keep = self.secrets.keep


class TestMemoryAsSecrets(SecretsContract):
    """The cases that every keeper shares."""

    @pytest.fixture
    def vault(self) -> MemoryVault:
        return MemoryVault()


@pytest.fixture
def secrets() -> KeptSecrets:
    return KeptSecrets()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def servers(secrets: KeptSecrets, clock: Clock) -> SecretServers:
    return SecretServers(secrets, clock)


async def address(servers: SecretServers, **redis: Any) -> ServerAddress:
    return await servers.address(resource("payments", redis=redis))


async def test_without_secrets_it_is_the_url_alone_and_nobody_is_asked(
    servers: SecretServers, secrets: KeptSecrets
) -> None:
    assert await address(servers, url=URL) == ServerAddress(URL)
    assert secrets.read_of == []


async def test_user_and_password_come_from_the_secret(servers: SecretServers, secrets: KeptSecrets) -> None:
    secrets.keep("login", {"username": b"operator", "password": b"hidden\n"})

    found = await address(servers, url=URL, credentialsSecretRef={"name": "login"})

    assert found == ServerAddress(URL, "operator", "hidden")
    assert "hidden" not in repr(found)


async def test_without_a_user_it_is_the_default_one_and_keys_may_be_called_otherwise(
    servers: SecretServers, secrets: KeptSecrets
) -> None:
    secrets.keep("login", {"redis-password": b"hidden"})

    found = await address(servers, url=URL, credentialsSecretRef={"name": "login", "passwordKey": "redis-password"})

    assert found == ServerAddress(URL, None, "hidden")


async def test_the_sentinels_have_a_login_of_their_own(servers: SecretServers, secrets: KeptSecrets) -> None:
    url = "redis+sentinel://one,two/orders"
    secrets.keep("login", {"username": b"operator", "password": b"one"})
    secrets.keep("sentinels", {"username": b"asker", "password": b"two"})

    found = await address(
        servers,
        url=url,
        credentialsSecretRef={"name": "login"},
        sentinelCredentialsSecretRef={"name": "sentinels"},
    )

    assert found == ServerAddress(url, "operator", "one", sentinel_username="asker", sentinel_password="two")


async def test_certificates_come_from_secrets(servers: SecretServers, secrets: KeptSecrets) -> None:
    secrets.keep("authority", {"ca.crt": b"theirs"})
    secrets.keep("own", {"tls.crt": b"ours", "tls.key": b"key"})

    found = await address(
        servers,
        url=URL,
        tls={"caSecretRef": {"name": "authority"}, "clientCertificateSecretRef": {"name": "own"}},
    )

    assert found == ServerAddress(URL, tls=Tls(b"theirs", b"ours", b"key"))


async def test_a_url_from_a_secret_may_hold_the_login_and_a_named_one_goes_before(
    servers: SecretServers, secrets: KeptSecrets
) -> None:
    secrets.keep("server", {"url": b"redis://operator:p%40ss@redis:6379/1\n"})
    secrets.keep("login", {"username": b"another", "password": b"hidden"})
    url_from = {"name": "server", "key": "url"}

    alone = await address(servers, urlFrom=url_from)
    named = await address(servers, urlFrom=url_from, credentialsSecretRef={"name": "login"})

    assert alone == ServerAddress("redis://redis:6379/1", "operator", "p@ss")
    assert named == ServerAddress("redis://redis:6379/1", "another", "hidden")


async def test_what_is_missing_is_named_with_its_field(servers: SecretServers, secrets: KeptSecrets) -> None:
    secrets.keep("login", {"username": b"operator"})
    secrets.keep("own", {"tls.crt": b"ours"})
    secrets.keep("binary", {"password": b"\xff"})

    told = {
        await why(servers, url=URL, credentialsSecretRef={"name": "none"}),
        await why(servers, url=URL, credentialsSecretRef={"name": "login"}),
        await why(servers, url=URL, credentialsSecretRef={"name": "binary"}),
        await why(servers, url=URL, tls={"clientCertificateSecretRef": {"name": "own"}}),
    }

    assert told == {
        "SecretMissing: spec.redis.credentialsSecretRef: there is no Secret shops/none; make it",
        "SecretKeyMissing: spec.redis.credentialsSecretRef.passwordKey: Secret login has no key password; add it",
        "SecretUnreadable: spec.redis.credentialsSecretRef.passwordKey: key password of Secret binary is no text",
        "SecretKeyMissing: spec.redis.tls.clientCertificateSecretRef: Secret own has no key tls.key; add it",
    }


@pytest.mark.parametrize(
    ("fault", "reason"), [(SecretForbidden("no"), "SecretForbidden"), (SecretUnavailable("no"), "SecretUnavailable")]
)
async def test_a_secret_that_cannot_be_read_now_is_read_again_once_it_can(
    servers: SecretServers, secrets: KeptSecrets, clock: Clock, fault: Exception, reason: str
) -> None:
    secrets.keep("login", {"password": b"hidden"})
    secrets.fault = fault
    told = await why(servers, url=URL, credentialsSecretRef={"name": "login"})

    secrets.fault = None
    clock.now += 2

    assert told == f"{reason}: spec.redis.credentialsSecretRef: no"
    assert (await address(servers, url=URL, credentialsSecretRef={"name": "login"})).password == "hidden"


async def why(servers: SecretServers, **redis: Any) -> str:
    with pytest.raises(ServerUnknown) as error:
        await address(servers, **redis)
    return f"{error.value.reason}: {error.value}"


async def test_a_hundred_resources_with_the_same_secret_read_it_once(
    servers: SecretServers, secrets: KeptSecrets
) -> None:
    secrets.keep("login", {"password": b"hidden"})

    found = await asyncio.gather(
        *(address(servers, url=URL, credentialsSecretRef={"name": "login"}) for _ in range(100))
    )

    assert len(set(found)) == 1
    assert secrets.read_of == ["login"]


async def test_what_was_read_long_ago_is_read_again(servers: SecretServers, secrets: KeptSecrets, clock: Clock) -> None:
    secrets.keep("login", {"password": b"old"})
    await address(servers, url=URL, credentialsSecretRef={"name": "login"})
    secrets.keep("login", {"password": b"new"})
    clock.now += 2

    assert (await address(servers, url=URL, credentialsSecretRef={"name": "login"})).password == "new"


def test_an_address_that_there_cannot_be_is_refused_without_a_word_of_it(servers: SecretServers) -> None:
    with pytest.raises(ServerUnknown) as error:
        servers.open(ServerAddress("redis://us:secret@redis"))

    assert error.value.reason == "BadAddress"
    assert "secret@" not in str(error.value)
