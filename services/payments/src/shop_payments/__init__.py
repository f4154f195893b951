"""The payments service: `ORDER_CREATED` becomes `PAYMENT_COMPLETED` or `PAYMENT_FAILED`."""

from .app import create_app
from .settings import Settings

__all__ = ["Settings", "create_app"]
