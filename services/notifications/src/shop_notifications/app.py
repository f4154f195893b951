"""The notifications service, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shop_events import PaymentCompleted, PaymentFailed
from shop_events.no_books import NoBooks
from shop_events.record import Record
from shop_events.store import open_client
from shop_events.store_books import StoreBooks
from sluiceway import Deduplicate, Lease, Retry, Service

from .notifying import Notifying
from .once import ClaimedElsewhere, OncePerOrder
from .settings import Settings
from .sink import ConsoleSink, MessageSink, RecordedSink, SinkUnavailable
from .smtp import SmtpSink

__all__ = ["create_app"]

PATIENCE = Retry(attempts=1000, first_seconds=0.5, cap_seconds=30)
"""For a mail server or an event store that is down: some eight hours."""


def create_app(settings: Settings | None = None, sink: MessageSink | None = None) -> web.Application:
    """Return the service as an aiohttp application.

    Args:
        settings: See `Settings`; read from the environment if not given.
        sink: Where messages go; the one that the settings name if not given.
    """
    settings = settings or Settings.load()
    service = Service("notifications", redis=settings.redis)
    app = web.Application()
    service.attach(app)

    redis = open_client(settings.redis)
    once = OncePerOrder(
        redis, prefix=settings.stream_prefix, hold_seconds=60, remember_seconds=settings.remember_seconds
    )
    notifying = Notifying(
        sink or _sink(settings, redis), once if settings.deduplicate else None, mail_domain=settings.mail_domain
    )
    service.consume(
        settings.streams.payments,
        lease=Lease(seconds=settings.lease_seconds),
        deduplicate=Deduplicate(seconds=settings.event_id_seconds),
        trim=settings.trim,
    )
    service.on(
        PaymentCompleted,
        PaymentFailed,
        stream=settings.streams.payments,
        publishes=settings.streams.notifications,
        concurrency=settings.concurrency,
        retry={SinkUnavailable: PATIENCE, ClaimedElsewhere: PATIENCE, RedisError: PATIENCE},
    )(notifying.tell)

    async def close_redis(_: web.Application) -> AsyncIterator[None]:
        yield
        await redis.aclose()

    # last in, first out: the consumers stop before the client that their handlers use is closed
    app.cleanup_ctx.insert(0, close_redis)
    return app


def _sink(settings: Settings, redis: Redis) -> MessageSink:
    match settings.sink:
        case "console":
            return ConsoleSink()
        case "file":
            return RecordedSink(
                Record(settings.record_directory, fsync=settings.record_fsync, deduplicate=settings.deduplicate)
            )
        case "store":
            return RecordedSink(
                StoreBooks(redis, f"{settings.stream_prefix}messages", deduplicate=settings.deduplicate)
            )
        case "discard":
            return RecordedSink(NoBooks())
        case "smtp":
            return SmtpSink(
                settings.smtp_host,
                settings.smtp_port,
                sender=settings.mail_sender,
                username=settings.smtp_username,
                password=settings.smtp_password,
                starttls=settings.smtp_starttls,
                timeout_seconds=settings.smtp_timeout_seconds,
            )
