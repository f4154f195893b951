"""The orders service, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.metadata import version

from aiohttp import web
from redis.exceptions import RedisError

from shop_events import NotificationSent, OrderCreated, PaymentCompleted, PaymentFailed
from sluiceway import Lease, Retry, Service, Trim

from .idempotency import KeyStore
from .intake import Intake
from .openapi import document
from .problem import problem_middleware
from .read_model import OrderView
from .routes import API, INTAKE, TIMEOUT_SECONDS, VIEW, routes
from .settings import Settings

__all__ = ["create_app"]

PATIENCE = Retry(attempts=1000, first_seconds=0.2, cap_seconds=30)
"""For an event store that is down: some eight hours."""


def create_app(settings: Settings) -> web.Application:
    """Return the service as an aiohttp application.

    Args:
        settings: See `Settings`.
    """
    streams = settings.streams
    redis = settings.client()
    view = OrderView(redis, prefix=settings.stream_prefix, keep_seconds=settings.keep_seconds)
    service = Service("orders", redis=settings.redis)
    service.consume(streams.notifications, trim=None if settings.trim_keep is None else Trim(keep=settings.trim_keep))
    for stream, events in (
        (streams.orders, (OrderCreated,)),
        (streams.payments, (PaymentCompleted, PaymentFailed)),
        (streams.notifications, (NotificationSent,)),
    ):
        service.consume(stream, lease=Lease(seconds=settings.lease_seconds))
        service.on(*events, stream=stream, batch=100, retry={RedisError: PATIENCE})(view.on_events)

    app = web.Application(client_max_size=settings.max_body_bytes)
    service.attach(app)
    app.middlewares.append(problem_middleware)
    app.add_routes(routes)
    app[VIEW] = view
    app[INTAKE] = Intake(
        service.publisher(streams.orders),
        KeyStore(redis, prefix=settings.stream_prefix, keep_seconds=settings.idempotency_seconds),
        view,
        timeout_seconds=settings.request_timeout_seconds,
    )
    app[API] = document(version("shop-orders"))
    app[TIMEOUT_SECONDS] = settings.request_timeout_seconds

    async def close_redis(_: web.Application) -> AsyncIterator[None]:
        yield
        await redis.aclose()

    # last in, first out: the consumers stop before the client that their handlers use is closed
    app.cleanup_ctx.insert(0, close_redis)
    return app
