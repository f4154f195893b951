"""What somebody has to say about the servers."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

__all__ = ["RedisSettings"]


class RedisSettings(BaseModel):
    """Where the servers are and how to log in.

    Args:
        url: `redis://host:6379/0` for one server, `redis+sentinel://host:26379,host:26379/SERVICE/0` for the master that
            these sentinels name, `redis+cluster://host:6379,host:6379` for a cluster that these are nodes of; `rediss…`
            for TLS. User and password of the servers may be in it.
        username: ACL user.
        password: Its password.
        password_file: File with the password, read again at every connect, so that a rotated secret is picked up.
        sentinel_username: ACL user at the sentinels, which know nothing of the servers' users.
        sentinel_password: Password at the sentinels.
        sentinel_password_file: File with the password at the sentinels, read again whenever they are asked.
        tls_ca_file: File with the certificates (PEM) of those who may sign the servers'; the system's if not given. This and the
            next two are read again at every connect, so that renewed certificates are picked up.
        tls_certificate_file: Our own certificate (PEM), for servers that ask for one.
        tls_key_file: Its private key (PEM); may be in the same file.
        tls_check_host_name: Whether the servers' certificates must name the host that was connected to.
        tls_minimum_version: Oldest version of TLS that is spoken.
        replicas: How many replicas must have what is published or committed before that counts as done; see `NotReplicated`.
        replica_timeout_seconds: Longest wait for them.
        timeout_seconds: Longest wait for any reply.
        connect_timeout_seconds: Longest wait for a connection, with what TLS needs to begin.
    """

    # Passwords must not show up in what is printed of settings, nor in what is said about wrong ones.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(default="redis://127.0.0.1:6379/0", repr=False)
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    sentinel_username: str | None = None
    sentinel_password: SecretStr | None = None
    sentinel_password_file: Path | None = None
    tls_ca_file: Path | None = None
    tls_certificate_file: Path | None = None
    tls_key_file: Path | None = None
    tls_check_host_name: bool = True
    tls_minimum_version: Literal["1.2", "1.3"] = "1.2"
    replicas: int = Field(default=0, ge=0)
    replica_timeout_seconds: float = Field(default=1.0, ge=0.001)
    timeout_seconds: float = Field(default=5.0, ge=0.1)
    connect_timeout_seconds: float = Field(default=2.0, gt=0)

    @property
    def replica_wait_seconds(self) -> float:
        """What waiting for replicas may add to a write."""
        return self.replica_timeout_seconds if self.replicas else 0.0

    @classmethod
    def of(cls, redis: str | RedisSettings) -> RedisSettings:
        """Return settings made from a URL, or the settings themselves."""
        return redis if isinstance(redis, RedisSettings) else cls(url=redis)
