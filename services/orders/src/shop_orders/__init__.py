"""The orders service: takes orders over HTTP, tells how they stand."""

from .app import create_app
from .settings import Settings

__all__ = ["Settings", "create_app"]
