"""The operator in a cluster: everything wired together, and ended in an order that leaves nothing half-done."""

import asyncio
import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from aiohttp import web

from ..control import Fleet, SecretServers
from ..health import OperatorHealth
from ..metrics import OperatorCollector, Swept
from ..registry import Registry
from ..web import app
from .api import Api
from .client import Way
from .feed import Feed
from .kopf_watch import KopfWatch
from .lease import Lease, LeaseName
from .listing import Listing
from .refusals import Refusals
from .remembered import RememberedWorkloads
from .reports import KubernetesReports
from .secrets import KubernetesSecrets
from .workloads import KubernetesWorkloads

__all__ = ["Settings", "operate", "own_identity"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How an operator runs.

    Args:
        namespaces: Whose StreamConsumers are looked after; empty: those of all.
        lease: The Lease whose holder writes.
        identity: Which operator this is.
        host: The address for probes and metrics.
        port: Its port.
    """

    namespaces: Sequence[str]
    lease: LeaseName
    identity: str
    host: str
    port: int


def own_identity() -> str:
    """Return the name of the pod, or one that no other process has."""
    return os.environ.get("POD_NAME") or f"{socket.gethostname()}-{secrets.token_hex(4)}"


async def operate(settings: Settings, way: Way, stop: asyncio.Event) -> None:
    """Look after StreamConsumers until told to stop.

    Args:
        settings: How.
        way: The way to the API server.
        stop: Is set to end it: the steps under way are given up, and the Lease is free at once.

    Raises:
        Exception: What nobody foresaw; a new process is the way out.
    """
    log = structlog.get_logger()
    async with way.client() as client:
        api = Api(client)
        lease = Lease(api, settings.lease, settings.identity)
        registry = Registry()
        feed = Feed(registry)
        listing = Listing(api, settings.namespaces, feed)
        reports = KubernetesReports(api, lease, settings.identity)
        fleet = Fleet(
            registry,
            SecretServers(KubernetesSecrets(api)),
            RememberedWorkloads(KubernetesWorkloads(api, lease)),
            reports,
            lease,
            told=feed.status_of,
        )
        runner = web.AppRunner(_web(fleet, listing, lease), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port).start()
        watch = KopfWatch(way, settings.identity, settings.namespaces, feed.take)
        jobs = {
            asyncio.create_task(job, name=name)
            for name, job in (
                ("the wait for the end", stop.wait()),
                ("the Lease", lease.run()),
                ("the watch", watch.run()),
                ("the listing", listing.run()),
                ("the refusals", Refusals(feed, reports).run()),
                ("the fleet", _while_leading(lease, fleet)),
            )
        }
        where = ", ".join(settings.namespaces) or "all"
        log.info("Operator runs", identity=settings.identity, namespaces=where, port=settings.port)
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                # a job that failed ends the process
                job.result()
        finally:
            log.info("Operator ends")
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            # nothing of ours writes any more
            await lease.release()
            await runner.cleanup()


async def _while_leading(lease: Lease, fleet: Fleet) -> None:
    """Look at servers only while the Lease is ours: a standby knows the resources and waits."""
    while True:
        await lease.held.wait()
        leading = asyncio.create_task(fleet.run(), name="sweeps")
        losing = asyncio.create_task(lease.lost.wait(), name="the loss of the Lease")
        try:
            await asyncio.wait({leading, losing}, return_when=asyncio.FIRST_COMPLETED)
            if leading.done():
                leading.result()
        finally:
            for task in (leading, losing):
                task.cancel()
            await asyncio.gather(leading, losing, return_exceptions=True)


def _web(fleet: Fleet, listing: Listing, lease: Lease) -> web.Application:
    def swept() -> list[Swept]:
        return [
            Swept(
                each.server.address.url,
                each.sweep.tally,
                each.sweep.began_at,
                each.sweep.deviation_seconds,
                each.facts.facts,
            )
            for each in tuple(fleet.endpoints.values())
        ]

    # a standby that does not know every resource yet does not either when it has to lead
    health = OperatorHealth(fleet.late_by, lambda: listing.synced)
    return app(health, OperatorCollector(lambda: tuple(fleet.tracked.values()), swept, lambda: lease.leading))
