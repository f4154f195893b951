"""Where a server is and who we are to it, with what lies in Secrets: read again and again, so that rotation needs nobody."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from typing_extensions import override

from ..connection import Tls, split_login
from ..ports import SecretForbidden, SecretMissing, Secrets, SecretUnavailable
from ..registry import Resource
from ..resource import CredentialsSecretRef
from .server import Server, ServerAddress
from .servers import Servers, ServerUnknown

__all__ = ["SecretServers"]

_Read = Mapping[str, bytes] | SecretMissing | SecretForbidden | SecretUnavailable
_SAME_SECONDS = 1.0
"""So long a Secret that was read is not read again: hundreds of resources name the same."""


class SecretServers(Servers):
    """Finds servers by what a resource and the Secrets that it names say.

    Args:
        secrets: Reads Secrets.
        clock: Seconds that never go back.
    """

    def __init__(self, secrets: Secrets, clock: Callable[[], float] = time.monotonic) -> None:
        self._secrets = secrets
        self._clock = clock
        self._read: dict[tuple[str, str], _Reading] = {}

    @override
    async def address(self, resource: Resource) -> ServerAddress:
        asked, namespace = resource.spec.redis, resource.key.namespace
        if asked.url_from is not None:
            told = await self._text(namespace, asked.url_from.name, asked.url_from.key, "spec.redis.urlFrom")
            url, username, password = split_login(told)
        else:
            url, username, password = asked.url or "", None, None
        if asked.credentials_secret_ref is not None:
            username, password = await self._login(
                namespace, asked.credentials_secret_ref, "spec.redis.credentialsSecretRef"
            )
        at_sentinels: tuple[str | None, str | None] = (None, None)
        if asked.sentinel_credentials_secret_ref is not None:
            at_sentinels = await self._login(
                namespace, asked.sentinel_credentials_secret_ref, "spec.redis.sentinelCredentialsSecretRef"
            )
        return ServerAddress(url, username, password, await self._tls(resource), *at_sentinels)

    @override
    def open(self, address: ServerAddress) -> Server:
        try:
            return Server(address)
        except ValueError as error:
            raise ServerUnknown("BadAddress", f"spec.redis: {error}") from error

    async def _login(self, namespace: str, ref: CredentialsSecretRef, field: str) -> tuple[str | None, str | None]:
        data = await self._data(namespace, ref.name, field)
        username = None
        if ref.username_key in data:
            username = await self._text(namespace, ref.name, ref.username_key, f"{field}.usernameKey")
        return username, await self._text(namespace, ref.name, ref.password_key, f"{field}.passwordKey")

    async def _tls(self, resource: Resource) -> Tls:
        asked, namespace = resource.spec.redis.tls, resource.key.namespace
        authority = certificate = key = None
        if asked is not None and (ca := asked.ca_secret_ref) is not None:
            authority = await self._bytes(namespace, ca.name, ca.key, "spec.redis.tls.caSecretRef")
        if asked is not None and (own := asked.client_certificate_secret_ref) is not None:
            field = "spec.redis.tls.clientCertificateSecretRef"
            certificate = await self._bytes(namespace, own.name, "tls.crt", field)
            key = await self._bytes(namespace, own.name, "tls.key", field)
        return Tls(authority, certificate, key)

    async def _text(self, namespace: str, name: str, key: str, field: str) -> str:
        value = await self._bytes(namespace, name, key, field)
        try:
            # a file made with `echo` ends with a line break that nobody means
            return value.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise ServerUnknown("SecretUnreadable", f"{field}: key {key} of Secret {name} is no text") from error

    async def _bytes(self, namespace: str, name: str, key: str, field: str) -> bytes:
        data = await self._data(namespace, name, field)
        if key not in data:
            raise ServerUnknown("SecretKeyMissing", f"{field}: Secret {name} has no key {key}; add it")
        return data[key]

    async def _data(self, namespace: str, name: str, field: str) -> Mapping[str, bytes]:
        read = await self._reading(namespace, name)
        match read:
            case SecretMissing():
                raise ServerUnknown("SecretMissing", f"{field}: {read}; make it") from read
            case SecretForbidden():
                raise ServerUnknown("SecretForbidden", f"{field}: {read}") from read
            case SecretUnavailable():
                raise ServerUnknown("SecretUnavailable", f"{field}: {read}") from read
            case _:
                return read

    async def _reading(self, namespace: str, name: str) -> _Read:
        self._forget_old()
        reading = self._read.setdefault((namespace, name), _Reading())
        async with reading.one_at_a_time:
            if reading.read is None or self._clock() - reading.at >= _SAME_SECONDS:
                try:
                    reading.read = await self._secrets.read(namespace, name)
                except (SecretMissing, SecretForbidden, SecretUnavailable) as fault:
                    reading.read = fault
                reading.at = self._clock()
            return reading.read

    def _forget_old(self) -> None:
        """Keep no Secret in memory for longer than it is of use."""
        oldest = self._clock() - _SAME_SECONDS
        for key, reading in list(self._read.items()):
            if reading.at < oldest and not reading.one_at_a_time.locked():
                del self._read[key]


@dataclass(slots=True)
class _Reading:
    """One Secret as it was read last.

    Args:
        one_at_a_time: Held while it is read.
        read: What it held, or why that cannot be told; None before the first time.
        at: When, in seconds of the clock.
    """

    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    read: _Read | None = None
    at: float = float("-inf")
