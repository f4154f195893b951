"""Sluiceway: event-driven services on Redis Streams."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .batch import Batch, BatchItem
    from .connection import RedisSettings
    from .context import Context, current_correlation_id
    from .deadletters import DeadLetter, DeadLetters
    from .errors import (
        ConfigurationError,
        NotReplicated,
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
    "NotReplicated",
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
    "current_correlation_id",
    "run",
]

_MODULES = {
    "batch": ("Batch", "BatchItem"),
    "connection": ("RedisSettings",),
    "context": ("Context", "current_correlation_id"),
    "deadletters": ("DeadLetter", "DeadLetters"),
    "errors": (
        "ConfigurationError",
        "NotReplicated",
        "PartialPublish",
        "PublishError",
        "Reject",
        "RetryLater",
        "SluicewayError",
        "Unavailable",
    ),
    "events": ("Event",),
    "options": ("Deduplicate", "Lease", "Retry", "Trim"),
    "publisher": ("Publisher", "Receipt"),
    "running": ("run",),
    "service": ("Service",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


# A type checker that saw this would take any name for one of ours.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Load a name when it is first used (PEP 562): a command line or a declaration of events needs no engine."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
