"""What somebody has to say about the servers."""

from __future__ import annotations

from pathlib import Path

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
        timeout_seconds: Longest wait for any reply.
        connect_timeout_seconds: Longest wait for a connection.
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
    timeout_seconds: float = Field(default=5.0, ge=0.1)
    connect_timeout_seconds: float = Field(default=2.0, gt=0)

    @classmethod
    def of(cls, redis: str | RedisSettings) -> RedisSettings:
        """Return settings made from a URL, or the settings themselves."""
        return redis if isinstance(redis, RedisSettings) else cls(url=redis)
