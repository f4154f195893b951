"""The payments service, put together."""

from __future__ import annotations

from aiohttp import web

from shop_events import OrderCreated
from shop_events.record import Record
from sluiceway import Lease, Retry, Service

from .charging import Charging
from .provider import PaymentProvider, ProviderUnavailable
from .settings import Settings
from .simulated import SimulatedProvider

__all__ = ["create_app"]

PATIENCE = Retry(attempts=1000, first_seconds=0.5, cap_seconds=30)
"""For a provider that is down: some eight hours, since giving up an order costs more than waiting."""


def create_app(settings: Settings, provider: PaymentProvider | None = None) -> web.Application:
    """Return the service as an aiohttp application.

    Args:
        settings: See `Settings`.
        provider: Who takes the money; the simulated provider if not given.
    """
    if provider is None:
        record = Record(settings.record_directory, fsync=settings.record_fsync, deduplicate=settings.deduplicate)
        provider = SimulatedProvider(record, settings.behaviour)
    charging = Charging(provider, unit_price_cents=settings.unit_price_cents, max_calls=settings.max_calls)

    service = Service("payments", redis=settings.redis)
    service.consume(
        settings.streams.orders,
        lease=Lease(seconds=settings.lease_seconds),
        trim=settings.trim,
    )
    service.on(
        OrderCreated,
        stream=settings.streams.orders,
        publishes=settings.streams.payments,
        concurrency=settings.concurrency,
        retry={ProviderUnavailable: PATIENCE},
    )(charging.charge)

    app = web.Application()
    service.attach(app)
    return app
