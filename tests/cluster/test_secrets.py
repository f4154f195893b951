"""Secrets on a real API server, and every way in which reading one fails."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient
from tests.support.api_server import ApiServer
from tests.support.secrets_contract import SecretsContract

from sluiceway_operator.kube import Api, KubernetesSecrets
from sluiceway_operator.ports import SecretForbidden, SecretUnavailable


@pytest_asyncio.fixture
async def client(api_server: ApiServer) -> AsyncIterator[ApiClient]:
    made: ApiClient = await config.new_client_from_config(str(api_server.kubeconfig))  # type: ignore[no-untyped-call]
    async with made:
        yield made


class KubernetesVault:
    """Secrets in a namespace of an API server."""

    def __init__(self, server: ApiServer, client: ApiClient) -> None:
        self._server = server
        self.secrets = KubernetesSecrets(Api(client))
        self.namespace = f"vault-{secrets.token_hex(4)}"
        for namespace in (self.namespace, "elsewhere"):
            server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})

    def keep(self, name: str, data: Mapping[str, bytes]) -> None:
        metadata = {"name": name, "namespace": self.namespace}
        coded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        self._server.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": coded})


@pytest.fixture
def vault(api_server: ApiServer, client: ApiClient) -> KubernetesVault:
    return KubernetesVault(api_server, client)


class TestKubernetesAsSecrets(SecretsContract):
    """The cases that every keeper shares."""


async def test_without_the_right_it_is_forbidden(vault: KubernetesVault, client: ApiClient) -> None:
    vault.keep("login", {"password": b"any"})
    client.configuration.api_key = {}

    with pytest.raises(SecretForbidden, match=f"{vault.namespace}/login"):
        await vault.secrets.read(vault.namespace, "login")


async def test_an_api_server_that_does_not_answer_is_unavailable(vault: KubernetesVault, client: ApiClient) -> None:
    client.configuration.host = "https://127.0.0.1:1"

    with pytest.raises(SecretUnavailable, match="does not answer"):
        await vault.secrets.read(vault.namespace, "login")
