"""What the notifications service can be told; each field is a variable `NOTIFICATIONS_…`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shop_events.settings import ServiceSettings

__all__ = ["Settings"]


class Settings(ServiceSettings):
    """Settings of the notifications service."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_")

    port: int = Field(default=8082, ge=0, le=65535)
    sink: Literal["console", "file", "store", "smtp", "discard"] = "console"
    """Where messages go; `discard` keeps none of them, for load tests."""
    record_directory: Path = Path(".sluiceway/messages")
    """The file sink's record; all processes on one host share it."""
    record_fsync: bool = False
    """Wait for the disk at each message."""
    event_id_seconds: float = Field(default=3600.0, ge=0, le=604_800)
    """How long an event ID is remembered, so that a second entry with it has no effect: about 70 bytes each."""
    deduplicate: bool = True
    """False sends one message an event and not one an order, to show what duplicates look like."""
    mail_domain: str = Field(default="shop.example", pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$")
    """Domain of Message-IDs, and of customers whose ID is no mail address."""
    mail_sender: str = Field(default="orders@shop.example", pattern=r"^[^@\s]+@[^@\s]+$")
    """Mail address that messages come from."""
    smtp_host: str = "127.0.0.1"
    """The mail server."""
    smtp_port: int = Field(default=25, ge=1, le=65535)
    """Its port."""
    smtp_username: str | None = None
    """For a server that wants a login."""
    smtp_password: SecretStr | None = None
    """For a server that wants a login."""
    smtp_starttls: bool = False
    """Refuse to send mail in the clear."""
    smtp_timeout_seconds: float = Field(default=10.0, gt=0, le=50)
    """Longest wait for any answer of the mail server."""
    remember_seconds: float = Field(default=7 * 86_400.0, ge=1)
    """How long it is remembered that an order has had its message."""
