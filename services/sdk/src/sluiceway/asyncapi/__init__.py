"""AsyncAPI 3.0 documents made from declared services."""

from .document import document

__all__ = ["document"]
