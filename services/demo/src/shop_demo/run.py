"""One run from beginning to end: start the shop, feed and break it, wait until all is settled, stop, account."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import aiohttp
from redis.exceptions import RedisError

from shop_demo.accounting import Ledger
from shop_demo.arguments import Options
from shop_demo.autoscaler import Autoscaler
from shop_demo.background import beside
from shop_demo.chaos import Killer, Outage
from shop_demo.exits import DemoError, Exit
from shop_demo.folder import run_folder
from shop_demo.journal import Journal
from shop_demo.load import Load
from shop_demo.observe import GroupState, groups_of
from shop_demo.outcome import Outcome
from shop_demo.poison import feed_poison
from shop_demo.rate import RateMeter
from shop_demo.records import RecordFollower
from shop_demo.schedule import KillSchedule, OutageSchedule
from shop_demo.screen import Screen
from shop_demo.shop import OPERATOR, Shop, plan_shop
from shop_demo.store import Store, open_store
from shop_demo.supervisor import ProcessState, Supervisor
from shop_demo.view import Picture
from shop_demo.witness import Witness

_REDRAW_SECONDS = 0.25
_LOOK_SECONDS = 0.05
_SUSPECTS_SHOWN = 5
_IDLE_SECONDS = 20.0
"""Until the last payments process has gone: two seconds without work, and what it takes to stop."""


async def run_demo(options: Options, screen: Screen, journal: Journal, stop_load: asyncio.Event) -> Outcome:
    """Run the demo.

    Args:
        options: what to do.
        screen: where it is shown meanwhile.
        journal: is told what happens.
        stop_load: once set, no more orders are fed; those that were accepted are settled and accounted for.

    Returns:
        what it came to; everything that was started is stopped and removed by then.

    Raises:
        DemoError: the run could not begin or could not go on.
        asyncio.CancelledError: the run was cancelled; everything is stopped and removed by then.
    """
    with run_folder(keep=options.keep) as folder:
        if options.keep:
            journal.note(f"logs and records are kept in {folder}")
        async with open_store(options.redis_url, options.redis_port, folder) as store, _http() as http:
            shop = plan_shop(options, redis_url=store.url, prefix=store.prefix, folder=folder)
            supervisor = Supervisor(http)
            run = Run(
                options=options,
                screen=screen,
                journal=journal,
                store=store,
                shop=shop,
                supervisor=supervisor,
                http=http,
            )
            try:
                journal.note(f"starting {len(shop.specs)} services on {store.label}")
                await run.start()
                await run.play(stop_load)
                forced = await supervisor.stop_all()
                return await run.outcome(forced=forced, interrupted=stop_load.is_set() and options.orders is not None)
            except (RedisError, OSError) as error:
                raise DemoError(f"the event store was lost: {error}", Exit.DIED) from error
            finally:
                await supervisor.stop_all()


def _http() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


class Run:
    """The parts of one run, wired together."""

    def __init__(
        self,
        *,
        options: Options,
        screen: Screen,
        journal: Journal,
        store: Store,
        shop: Shop,
        supervisor: Supervisor,
        http: aiohttp.ClientSession,
    ) -> None:
        self._options = options
        self._screen = screen
        self._journal = journal
        self._store = store
        self._shop = shop
        self._supervisor = supervisor
        self._ledger = Ledger()
        self._groups: list[GroupState] = []
        self._accepted_rate = RateMeter()
        self._settled_rate = RateMeter()
        self._witness = Witness(
            store.client,
            self._ledger,
            streams=shop.streams,
            dead_letter_streams=shop.dead_letter_streams,
            charges=RecordFollower(shop.charges),
            messages=RecordFollower(shop.messages),
        )
        self._autoscaler: Autoscaler | None = None
        if shop.payments_state is not None:
            self._autoscaler = Autoscaler(
                shop.payments_state, shop.logs, service="payments", most=options.most_payments, journal=journal
            )
        self._killer: Killer | None = None
        self._outage: Outage | None = None
        if options.kill:
            schedule = KillSchedule(options.orders, options.rate)
            keepers = {"payments": self._autoscaler or supervisor, "notifications": supervisor}
            self._killer = Killer(store.client, keepers, journal, schedule, shop.consumes)
        if options.outage_seconds:
            self._outage = Outage(
                supervisor,
                journal,
                OutageSchedule(options.orders, options.rate),
                service="payments",
                seconds=options.outage_seconds,
            )
        self._load = Load(
            http,
            shop.orders_url,
            rate=options.rate,
            count=options.orders,
            allowed=self._allowed,
            on_accepted=self._ledger.accept,
        )

    async def start(self) -> None:
        """Start the services and wait until they are ready."""
        async with beside(self._redraw()):
            await self._supervisor.start(self._shop.specs)
        self._journal.note(f"ready, orders go to {self._shop.orders_url}")

    async def play(self, stop_load: asyncio.Event) -> None:
        """Feed orders and make faults until everything is settled, or until that takes too long.

        Args:
            stop_load: once set, no more orders are fed.
        """
        watches = [self._watch_deaths(), *([self._autoscaler.follow()] if self._autoscaler is not None else [])]
        async with beside(self._redraw(), self._witness.run(), *watches, self._obey(stop_load), *self._faults()):
            await self._load.run()
            self._journal.note(f"{self._ledger.accepted} orders accepted, waiting until all are settled")
            await self._until_settled()
            if self._autoscaler is not None and not stop_load.is_set():
                await self._until_idle(self._autoscaler)

    async def outcome(self, *, forced: list[str], interrupted: bool) -> Outcome:
        """Account for the run; the services are stopped, so that nothing more can happen."""
        unread = await self._witness.missed()
        while await self._witness.read_streams(block_ms=None):
            pass
        self._witness.read_records()
        suspects = [
            f"order {order_id}: provider decided {trace.decisions} times, {trace.payments} payment events, "
            f"{trace.messages} messages"
            for order_id, trace in self._ledger.suspects()
        ]
        answers = self._load.answers
        return Outcome(
            account=self._ledger.balance(),
            latency=self._ledger.latencies.summary(),
            post={phase: answer.latencies.summary() for phase, answer in answers.items()},
            throughput_per_s=self._ledger.throughput_per_s,
            seconds=self._journal.elapsed_seconds,
            poison=self._options.poison,
            kills=None if self._killer is None else self._killer.kills,
            kills_sufficient=self._killer is None or self._killer.sufficient,
            outage_seconds=self._options.outage_seconds,
            outage_done=self._outage is not None and self._outage.done,
            refused=self._load.refused,
            refused_in_outage=answers["outage"].refused,
            given_up=self._load.given_up,
            unread=unread,
            suspects=suspects[:_SUSPECTS_SHOWN],
            replicas_max=(self._options.most_payments if self._autoscaler is None else self._autoscaler.replicas_max),
            autoscaled=self._autoscaler is not None,
            forced=forced,
            interrupted=interrupted,
        )

    def _faults(self) -> list[Coroutine[Any, Any, None]]:
        options = self._options
        faults: list[Coroutine[Any, Any, None]] = []
        if options.poison:
            every = options.rate if options.orders is None else options.orders / (options.poison + 1)
            faults.append(feed_poison(self._store.client, self._shop.streams.orders, options.poison, self._load, every))
        if self._killer is not None:
            faults.append(self._killer.run(self._load))
        if self._outage is not None:
            faults.append(self._outage.run(self._load))
        return faults

    def _allowed(self) -> float:
        by_kills = float("inf") if self._killer is None else self._killer.allowed(self._load.started)
        by_outage = float("inf") if self._outage is None else self._outage.allowed()
        return min(by_kills, by_outage)

    async def _until_settled(self) -> None:
        """Wait until every order is settled, every poisonous entry given up, and no group owns anything any more.

        That the groups own nothing matters: an entry that is still pending could have its effect a second time.
        """
        deadline = time.monotonic() + self._options.settle_seconds
        while time.monotonic() < deadline:
            if self._outage is not None and self._outage.under_way(self._load):
                deadline = time.monotonic() + self._options.settle_seconds
            elif self._ledger.unsettled == 0 and len(self._ledger.dead_letters) >= self._options.poison:
                self._groups = await groups_of(self._store.client, self._shop.watched)
                if all(group.pending == 0 for group in self._groups):
                    return
            await asyncio.sleep(_LOOK_SECONDS)
        self._journal.note(
            f"{self._ledger.unsettled} orders not settled {self._options.settle_seconds:g} s after the last one"
        )

    async def _until_idle(self, autoscaler: Autoscaler) -> None:
        self._journal.note("all are settled; without work, payments goes down to no process at all")
        if not await autoscaler.until_none(_IDLE_SECONDS):
            self._journal.note(f"payments still has processes {_IDLE_SECONDS:g} s after the last order was settled")

    async def _watch_deaths(self) -> None:
        raise await self._supervisor.died()

    async def _obey(self, stop_load: asyncio.Event) -> None:
        await stop_load.wait()
        self._load.stop()

    async def _redraw(self) -> None:
        while True:
            self._groups = await groups_of(self._store.client, self._shop.watched)
            self._screen.show(self._picture())
            await asyncio.sleep(_REDRAW_SECONDS)

    def _processes(self) -> list[ProcessState]:
        """Describe the services' processes; what the operator does is told in a line of its own."""
        ours = [state for state in self._supervisor.states() if state.name != OPERATOR]
        return ours if self._autoscaler is None else [*ours, *self._autoscaler.states()]

    def _picture(self) -> Picture:
        ledger, load, now = self._ledger, self._load, time.monotonic()
        return Picture(
            store=self._store.label,
            orders_url=self._shop.orders_url,
            goal=_goal(self._options),
            elapsed_seconds=self._journal.elapsed_seconds,
            accepted=ledger.accepted,
            settled=ledger.settled,
            completed=ledger.payments_completed,
            declined=ledger.payments_failed,
            messages=ledger.messages,
            dead_letters=len(ledger.dead_letters),
            refused=load.refused,
            accepted_per_second=self._accepted_rate.sample(now, ledger.accepted),
            settled_per_second=self._settled_rate.sample(now, ledger.settled),
            latency=ledger.latencies.recent(),
            post=load.answers[load.phase].latencies.recent(),
            groups=self._groups,
            processes=self._processes(),
            scale=self._autoscaler.scale if self._autoscaler is not None else None,
        )


def _goal(options: Options) -> str:
    orders = "orders" if options.orders is None else f"{options.orders:,} orders"
    faults = [
        f"{options.poison} poisonous" if options.poison else "",
        "kills" if options.kill else "",
        f"an outage of {options.outage_seconds:g} s" if options.outage_seconds else "",
    ]
    return ", ".join([f"{orders} at {options.rate:g}/s", *filter(None, faults)])
