"""The customers: orders over HTTP at a given rate, and the list of those that were accepted."""

import asyncio
import json
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import aiohttp

from shop_demo.exits import DemoError, Exit
from shop_demo.latency import Latencies

# So many customers wait for an answer at most: a service that is slower than the rate slows them, and is not drowned.
_AT_ONCE = 64
_ATTEMPTS = 20
_TIMEOUT_SECONDS = 10.0
_RETRY_SECONDS = 0.5
_PRODUCTS = ("espresso", "filter-paper", "grinder", "kettle", "mug")


Phase = Literal["before", "outage", "after"]


@dataclass(slots=True)
class Answers:
    """How the orders service answered in one phase of the run."""

    latencies: Latencies = field(default_factory=Latencies)
    refused: int = 0


class Load:
    """Feeds orders: one order per request, started at an even rate however slow the answers are.

    A refused order is sent again with the same idempotency key, as a careful customer would, so that ``count`` orders
    end up accepted.

    Args:
        http: the session to send with.
        url: where orders are posted.
        rate: orders started per second.
        count: how many orders; ``None``: until `stop` is called.
        allowed: how many orders may have been started by now; faults use it to hold the last ones back.
        on_accepted: called with the order ID at each 202.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        *,
        rate: float,
        count: int | None,
        allowed: Callable[[], float],
        on_accepted: Callable[[str], None],
    ) -> None:
        self._http = http
        self._url = url
        self._rate = rate
        self._count = count
        self._allowed = allowed
        self._on_accepted = on_accepted
        self._random = random.Random(7)
        self._stopped = False
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._milestones: list[tuple[float, asyncio.Event]] = []
        self.started = 0
        self.given_up = 0
        self.finished = False
        self.last_problem = ""
        self.phase: Phase = "before"
        self.answers: dict[Phase, Answers] = {phase: Answers() for phase in ("before", "outage", "after")}

    @property
    def refused(self) -> int:
        """Count the answers other than 202 so far."""
        return sum(answers.refused for answers in self.answers.values())

    def stop(self) -> None:
        """Start no more orders; those on their way are still answered."""
        self._stopped = True

    async def run(self) -> None:
        """Feed until the count is reached or `stop` is called, and wait for the last answers."""
        async with asyncio.TaskGroup() as group:
            next_at = time.monotonic()
            while not self._stopped and (self._count is None or self.started < self._count):
                now = time.monotonic()
                if self.started >= self._allowed():
                    next_at = now
                    await asyncio.sleep(0.005)
                    continue
                if next_at > now:
                    await asyncio.sleep(next_at - now)
                next_at += 1 / self._rate
                await self._slots.acquire()
                self.started += 1
                self._pass_milestones()
                group.create_task(self._order())
        self.finished = True
        self._pass_milestones()

    async def reached(self, orders: float) -> bool:
        """Wait until so many orders have been started; return false if the feeding ended before."""
        if self.started < orders and not self.finished:
            event = asyncio.Event()
            self._milestones.append((orders, event))
            await event.wait()
        return self.started >= orders

    def _pass_milestones(self) -> None:
        for milestone in [one for one in self._milestones if self.finished or one[0] <= self.started]:
            self._milestones.remove(milestone)
            milestone[1].set()

    async def _order(self) -> None:
        key = str(uuid.uuid4())
        body = self._body()
        try:
            for _ in range(_ATTEMPTS):
                retry_after = await self._post(key, body)
                if retry_after is None:
                    return
                if self._stopped:
                    break
                await asyncio.sleep(retry_after)
            self.given_up += 1
        finally:
            self._slots.release()

    async def _post(self, key: str, body: dict[str, object]) -> float | None:
        """Send one order; return the seconds to wait before the next attempt, or ``None`` if it was accepted."""
        answers = self.answers[self.phase]
        started = time.monotonic()
        retry_after = _RETRY_SECONDS
        try:
            async with self._http.post(
                self._url,
                json=body,
                headers={"Idempotency-Key": key},
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS),
            ) as response:
                text = await response.text()
                if response.status == 202:
                    answers.latencies.add((time.monotonic() - started) * 1000)
                    self._on_accepted(str(json.loads(text)["orderId"]))
                    return None
                if 400 <= response.status < 500:
                    raise DemoError(f"POST {self._url} answered {response.status}: {text[:300]}", Exit.DIED)
                self.last_problem = f"{response.status} {text[:500]}"
                retry_after = float(response.headers.get("Retry-After", _RETRY_SECONDS))
        except (aiohttp.ClientError, TimeoutError) as error:
            self.last_problem = f"{type(error).__name__}: {error}"
        answers.refused += 1
        return retry_after

    def _body(self) -> dict[str, object]:
        products = self._random.sample(_PRODUCTS, self._random.randint(1, 3))
        return {
            "customerId": f"customer-{self._random.randint(1, 500)}",
            "items": [{"productId": product, "quantity": self._random.randint(1, 4)} for product in products],
        }
