"""The consumer engine: from a stream's entries to settled events. Private; `Service` is its front door."""

from .consumer import Consumer

__all__ = ["Consumer"]
