"""The orders service, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.metadata import version

from aiohttp import web
from redis.exceptions import RedisError

from shop_events import NotificationSent, OrderCreated, PaymentCompleted, PaymentFailed
from shop_events.store import open_client
from sluiceway import Deduplicate, Lease, Retry, Service

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


def create_app(settings: Settings | None = None) -> web.Application:
    """Return the service as an aiohttp application.

    Args:
        settings: See `Settings`; read from the environment if not given.
    """
    settings = settings or Settings.load()
    streams = settings.streams
    service = Service("orders", redis=settings.redis)
    redis = open_client(settings.redis)
    view = OrderView(redis, prefix=settings.stream_prefix, keep_seconds=settings.keep_seconds)
    # Each stream is trimmed by the service that nothing goes on without: these two by payments and notifications.
    for stream, events, trim in (
        (streams.orders, (OrderCreated,), None),
        (streams.payments, (PaymentCompleted, PaymentFailed), None),
        (streams.notifications, (NotificationSent,), settings.trim),
    ):
        # No markers: a fact that comes twice changes nothing, and remembering every event ID is half of a commit's cost.
        service.consume(
            stream, lease=Lease(seconds=settings.lease_seconds), trim=trim, deduplicate=Deduplicate(seconds=0)
        )
        service.on(*events, stream=stream, batch=256, retry={RedisError: PATIENCE})(view.on_events)

    app = web.Application(client_max_size=settings.max_body_bytes)
    service.attach(app)
    app.middlewares.append(problem_middleware)
    app.add_routes(routes)
    app[VIEW] = view
    app[INTAKE] = Intake(
        service.publisher(streams.orders, timeout_seconds=settings.request_timeout_seconds, events=[OrderCreated]),
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
