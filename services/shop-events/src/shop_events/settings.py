"""What every service of the shop can be told by environment variables."""

from __future__ import annotations

import sys
from typing import Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from sluiceway import ConfigurationError, RedisSettings, Trim
from sluiceway.connection import Endpoint

from .streams import Streams

__all__ = ["ServiceSettings"]


class ServiceSettings(BaseSettings):
    """Base of the services' settings; a service adds its prefix and its own fields.

    `redis` is read from variables of its own: `<PREFIX>REDIS_URL`, `<PREFIX>REDIS_PASSWORD`, …
    """

    model_config = SettingsConfigDict(
        frozen=True, env_nested_delimiter="_", env_nested_max_split=1, env_parse_none_str="none"
    )

    redis: RedisSettings = Field(default_factory=RedisSettings)
    """The event store."""
    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 for all."""
    port: int = Field(default=8080, ge=0, le=65535)
    """Port to listen on; 0 for a free one."""
    stream_prefix: str = Field(default="", max_length=100, pattern=r"^[^\s{}]*$")
    """Put before the names of all keys, so that several shops can share a server."""
    concurrency: int = Field(default=32, ge=1, le=10_000)
    """Most events handled at once."""
    lease_seconds: float = Field(default=15.0, ge=1.0, le=3600.0)
    """How long a silent process keeps its events before another takes them over."""
    trim_keep: int | None = Field(default=10_000, ge=0)
    """Entries kept of what all groups are done with; `none` leaves trimming to somebody else (the operator)."""

    @property
    def streams(self) -> Streams:
        """The streams this shop uses."""
        return Streams(self.stream_prefix)

    @property
    def trim(self) -> Trim | None:
        """How the streams that the service is in charge of are kept short."""
        return None if self.trim_keep is None else Trim(keep=self.trim_keep)

    @classmethod
    def load(cls) -> Self:
        """Read the environment.

        Raises:
            SystemExit: With code 2, after a message on stderr that names every wrong variable.
        """
        prefix = cls.model_config["env_prefix"]
        try:
            settings = cls()
            _refuse_unusable(settings.redis)
            return settings
        except ConfigurationError as error:
            print(f"{prefix}REDIS_URL: {error}", file=sys.stderr)  # noqa: T201
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_input=False):
                variable = f"{prefix}{'_'.join(map(str, problem['loc']))}".upper()
                # the value is not shown: it may be a secret
                print(f"{variable}: {problem['msg']}", file=sys.stderr)  # noqa: T201
        raise SystemExit(2)


def _refuse_unusable(redis: RedisSettings) -> None:
    if Endpoint(redis).topology != "standalone":
        raise ConfigurationError(
            "the shop keeps more than streams there, with a client of one server: redis://… or rediss://…"
        )
