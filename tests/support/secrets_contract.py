"""What every keeper of Secrets does alike: the same cases for Kubernetes and for the one that tests keep in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pytest
from typing_extensions import override

from sluiceway_operator.ports import SecretMissing, Secrets

__all__ = ["KeptSecrets", "SecretsContract", "Vault"]


class Vault(Protocol):
    """Where Secrets are, as the cases need it."""

    secrets: Secrets
    namespace: str

    def keep(self, name: str, data: Mapping[str, bytes]) -> None:
        """Make or change a Secret."""
        ...


class SecretsContract:
    """The cases. A subclass brings a fixture `vault`."""

    async def test_what_a_secret_holds_is_read_byte_for_byte(self, vault: Vault) -> None:
        vault.keep("login", {"password": "pass wörd\n".encode(), "ca.crt": bytes(range(256))})

        read = await vault.secrets.read(vault.namespace, "login")

        assert read == {"password": "pass wörd\n".encode(), "ca.crt": bytes(range(256))}

    async def test_a_changed_one_is_read_as_it_is_now(self, vault: Vault) -> None:
        vault.keep("rotated", {"password": b"old"})
        before = await vault.secrets.read(vault.namespace, "rotated")

        vault.keep("rotated", {"password": b"new"})

        assert (before, await vault.secrets.read(vault.namespace, "rotated")) == (
            {"password": b"old"},
            {"password": b"new"},
        )

    async def test_one_that_holds_nothing_is_not_missing(self, vault: Vault) -> None:
        vault.keep("empty", {})

        assert await vault.secrets.read(vault.namespace, "empty") == {}

    async def test_one_that_does_not_exist_is_missing_and_named(self, vault: Vault) -> None:
        with pytest.raises(SecretMissing, match=f"{vault.namespace}/none"):
            await vault.secrets.read(vault.namespace, "none")

    async def test_one_of_another_namespace_is_missing(self, vault: Vault) -> None:
        vault.keep("near", {"password": b"any"})

        for name in (f"../../{vault.namespace}/secrets/near", "..", "near?x=1", "near/"):
            with pytest.raises(SecretMissing):
                await vault.secrets.read("elsewhere", name)


class KeptSecrets(Secrets):
    """Secrets in memory, and how often each was read."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Mapping[str, bytes]] = {}
        self.read_of: list[str] = []
        self.fault: Exception | None = None

    def keep(self, name: str, data: Mapping[str, bytes], namespace: str = "shops") -> None:
        self.kept[namespace, name] = dict(data)

    @override
    async def read(self, namespace: str, name: str) -> Mapping[str, bytes]:
        self.read_of.append(name)
        if self.fault is not None:
            raise self.fault
        try:
            return self.kept[namespace, name]
        except KeyError:
            raise SecretMissing(f"there is no Secret {namespace}/{name}") from None
