"""Secrets on Kubernetes, read one by one: the operator lists and watches none."""

import base64
import binascii
from collections.abc import Mapping

from typing_extensions import override

from ..ports import SecretForbidden, SecretMissing, Secrets, SecretUnavailable
from .api import Api, ApiFault

__all__ = ["KubernetesSecrets"]

_NOT_FOUND = 404
_FORBIDDEN = frozenset({401, 403})


class KubernetesSecrets(Secrets):
    """Reads Secrets from the API server.

    Args:
        api: The API server.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    @override
    async def read(self, namespace: str, name: str) -> Mapping[str, bytes]:
        try:
            secret = await self._api.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
        except ApiFault as fault:
            raise _as_secret(fault, namespace, name) from fault
        try:
            return {key: base64.b64decode(value, validate=True) for key, value in (secret.get("data") or {}).items()}
        except binascii.Error as error:
            raise SecretUnavailable(f"Secret {namespace}/{name} is not what an API server sends") from error


def _as_secret(fault: ApiFault, namespace: str, name: str) -> Exception:
    if fault.status == _NOT_FOUND:
        return SecretMissing(f"there is no Secret {namespace}/{name}")
    if fault.status in _FORBIDDEN:
        return SecretForbidden(f"the operator may not read Secret {namespace}/{name}: {fault}")
    return SecretUnavailable(f"Secret {namespace}/{name}: {fault}")
