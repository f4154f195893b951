"""The notifications service: one message to the customer for each order that was paid or could not be."""

from .app import create_app
from .settings import Settings

__all__ = ["Settings", "create_app"]
