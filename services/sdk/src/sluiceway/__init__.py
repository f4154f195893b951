"""Sluiceway: event-driven services on Redis Streams."""

from .batch import Batch, BatchItem
from .connection import RedisSettings
from .context import Context
from .deadletters import DeadLetter, DeadLetters
from .errors import (
    ConfigurationError,
    PartialPublish,
    PublishError,
    Reject,
    RetryLater,
    SluicewayError,
    Unavailable,
)
from .events import Event
from .options import Deduplicate, Lease, Retry, Trim
from .publisher import Publisher, Receipt
from .running import run
from .service import Service

__all__ = [
    "Batch",
    "BatchItem",
    "ConfigurationError",
    "Context",
    "DeadLetter",
    "DeadLetters",
    "Deduplicate",
    "Event",
    "Lease",
    "PartialPublish",
    "PublishError",
    "Publisher",
    "Receipt",
    "RedisSettings",
    "Reject",
    "Retry",
    "RetryLater",
    "Service",
    "SluicewayError",
    "Trim",
    "Unavailable",
    "run",
]
