"""What the payments service can be told; each field is a variable `PAYMENTS_…`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shop_events.settings import ServiceSettings

from .simulated import Behaviour

__all__ = ["Settings"]


class Settings(ServiceSettings):
    """Settings of the payments service."""

    model_config = SettingsConfigDict(env_prefix="PAYMENTS_")

    port: int = Field(default=8081, ge=0, le=65535)
    max_calls: int = Field(default=16, ge=1, le=10_000)
    """Most calls to the provider at once."""
    unit_price_cents: int = Field(default=1000, ge=0)
    """Price of one piece of anything, in cents."""
    record: Literal["file", "store", "discard"] = "file"
    """Where the simulated provider keeps its books: in files that one host shares, in the event store for all, or (for
    load tests) nowhere."""
    record_directory: Path = Path(".sluiceway/payment-provider")
    """The files."""
    record_fsync: bool = False
    """Wait for the disk at each charge."""
    event_id_seconds: float = Field(default=3600.0, ge=0, le=604_800)
    """How long an event ID is remembered, so that a second entry with it has no effect: about 70 bytes each."""
    deduplicate: bool = True
    """False makes the provider forget its idempotency keys, to show what duplicates look like."""
    decline_rate: float = Field(default=0.03, ge=0, le=1)
    """Share of charges that the provider declines."""
    latency_seconds: float = Field(default=0.02, ge=0, le=30)
    """Mean time of a call to the provider."""
    outage_every_seconds: float = Field(default=0.0, ge=0)
    """Length of one period of up and down; 0 for no outages."""
    outage_seconds: float = Field(default=0.0, ge=0)
    """How long the provider is down at the end of each period."""

    @property
    def behaviour(self) -> Behaviour:
        """How the simulated provider behaves."""
        return Behaviour(
            decline_rate=self.decline_rate,
            latency_seconds=self.latency_seconds,
            outage_every_seconds=self.outage_every_seconds,
            outage_seconds=self.outage_seconds,
        )
