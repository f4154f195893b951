"""The shop's three services as processes, on the server that is measured."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from shop_demo.child import Spec
from sluiceway.embedded.ports import HOST, free_port

__all__ = ["SERVICES", "orders_port", "specs"]

SERVICES = ("orders", "payments", "notifications")

# Neither the payment provider's books nor the mailbox are what is measured: the one answers from the order alone and at
# once, the other takes every message and keeps none. All else is as it comes.
_ENVIRONMENT = {
    "PAYMENTS_RECORD": "discard",
    "PAYMENTS_LATENCY_SECONDS": "0",
    "NOTIFICATIONS_SINK": "discard",
    # neither is a limit, and with handlers that do not wait more at once means more in a round trip
    "PAYMENTS_CONCURRENCY": "256",
    "PAYMENTS_MAX_CALLS": "256",
    "NOTIFICATIONS_CONCURRENCY": "256",
}


def specs(redis_url: str, folder: Path, *, trim_keep: int) -> list[Spec]:
    """Return what to run: one process of each service.

    Args:
        redis_url: The event store.
        folder: Where their logs go.
        trim_keep: Entries of each stream that are kept although all groups are done with them.
    """
    return [_spec(service, redis_url, folder, trim_keep) for service in SERVICES]


def orders_port(shop: list[Spec]) -> int:
    """The port that orders are posted to."""
    return int(shop[0].environment["ORDERS_PORT"])


def _spec(service: str, redis_url: str, folder: Path, trim_keep: int) -> Spec:
    port = free_port()
    prefix = service.upper()
    return Spec(
        name=service,
        service=service,
        command=(sys.executable, "-m", f"shop_{service}"),
        environment={
            **os.environ,
            **_ENVIRONMENT,
            f"{prefix}_REDIS_URL": redis_url,
            f"{prefix}_HOST": HOST,
            f"{prefix}_PORT": str(port),
            f"{prefix}_TRIM_KEEP": str(trim_keep),
        },
        log=folder / f"{service}.log",
        ready_url=f"http://{HOST}:{port}/readyz",
    )
