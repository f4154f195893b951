"""What the orders service can be told; each field is a variable `ORDERS_…`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shop_events.settings import ServiceSettings

__all__ = ["Settings"]


class Settings(ServiceSettings):
    """Settings of the orders service."""

    model_config = SettingsConfigDict(env_prefix="ORDERS_")

    max_body_bytes: int = Field(default=65_536, ge=1024, le=16_777_216)
    """Longest body of a request."""
    request_timeout_seconds: float = Field(default=3.0, gt=0, le=60)
    """Longest time for reading a body, and again for the event store's answer; then the customer is asked to retry."""
    idempotency_seconds: float = Field(default=86_400.0, ge=1)
    """How long an Idempotency-Key is remembered."""
    keep_seconds: float = Field(default=7 * 86_400.0, ge=1)
    """How long an order's state can be asked for after its last event."""
