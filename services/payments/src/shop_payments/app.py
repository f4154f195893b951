"""The payments service, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from shop_events import OrderCreated
from shop_events.books import Books
from shop_events.no_books import NoBooks
from shop_events.record import Record
from shop_events.store import open_client
from shop_events.store_books import StoreBooks
from sluiceway import Deduplicate, Lease, Retry, Service

from .charging import Charging
from .provider import PaymentProvider, ProviderUnavailable
from .settings import Settings
from .simulated import SimulatedProvider

__all__ = ["create_app"]

PATIENCE = Retry(attempts=1000, first_seconds=0.5, cap_seconds=30)
"""For a provider that is down: some eight hours, since giving up an order costs more than waiting."""


def create_app(settings: Settings | None = None, provider: PaymentProvider | None = None) -> web.Application:
    """Return the service as an aiohttp application.

    Args:
        settings: See `Settings`; read from the environment if not given.
        provider: Who takes the money; the simulated provider if not given.
    """
    settings = settings or Settings.load()
    app = web.Application()
    provider = provider or SimulatedProvider(_books(settings, app), settings.behaviour)
    charging = Charging(provider, unit_price_cents=settings.unit_price_cents, max_calls=settings.max_calls)

    service = Service("payments", redis=settings.redis)
    service.consume(
        settings.streams.orders,
        lease=Lease(seconds=settings.lease_seconds),
        deduplicate=Deduplicate(seconds=settings.event_id_seconds),
        trim=settings.trim,
    )
    service.on(
        OrderCreated,
        stream=settings.streams.orders,
        publishes=settings.streams.payments,
        concurrency=settings.concurrency,
        retry={ProviderUnavailable: PATIENCE},
    )(charging.charge)

    service.attach(app)
    return app


def _books(settings: Settings, app: web.Application) -> Books:
    if settings.record == "file":
        return Record(settings.record_directory, fsync=settings.record_fsync, deduplicate=settings.deduplicate)
    if settings.record == "discard":
        return NoBooks()
    redis = open_client(settings.redis)

    async def close_redis(_: web.Application) -> AsyncIterator[None]:
        yield
        await redis.aclose()

    # last in, first out: the consumers, attached later, stop before the client that their handlers use is closed
    app.cleanup_ctx.append(close_redis)
    return StoreBooks(redis, f"{settings.stream_prefix}payment-provider", deduplicate=settings.deduplicate)
