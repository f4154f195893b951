"""How a connection logs in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import SecretStr
from redis.credentials import CredentialProvider
from typing_extensions import override

__all__ = ["login_options"]


def login_options(username: str | None, password: str | SecretStr | None, file: Path | None) -> dict[str, Any]:
    """Return what redis-py is told about a login; a file goes before a password."""
    if file is not None:
        return {"credential_provider": _FileCredentials(username, file)}
    secret = password.get_secret_value() if isinstance(password, SecretStr) else password
    return {name: value for name, value in (("username", username), ("password", secret)) if value is not None}


class _FileCredentials(CredentialProvider):
    def __init__(self, username: str | None, path: Path) -> None:
        self._username = username
        self._path = path

    @override
    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        password = self._path.read_text().strip()
        return (self._username, password) if self._username else (password,)
