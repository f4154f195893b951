"""The workers of one handler.

A worker awaits the handler directly: a handler that does not suspend costs no task and no turn of the event loop,
which is what makes tens of thousands of events a second possible. Each worker is a task of its own, so time-outs and
cancellation inside a handler behave as anywhere in asyncio.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from ..batch import Batch, BatchItem
from ..context import Context, current_flow
from ..handlers import Handler
from .delivery import DONE, RUNNING, Delivery, Run
from .results import publish_result, refuse_result
from .stats import Stats

__all__ = ["Outcomes", "Pool"]

_SLICE_SECONDS = 0.001
"""How long a worker goes on without letting the reader and the committer have the event loop."""


_MOST_LINKS = 100
"""How many errors that were raised one while handling another are let go of what they hold."""

_ENDS_THE_PROCESS = (SystemExit, KeyboardInterrupt, GeneratorExit)
_HEED_SECONDS = 1.0
"""How long a cancelled handler may take to end; then the consumer goes on, or stops, without it."""


class Outcomes(Protocol):
    """Where a run's outcome goes."""

    def done(self, delivery: Delivery) -> None:
        """Its handler succeeded."""

    def failed(self, delivery: Delivery, error: BaseException) -> object:
        """Its handler raised, or ran out of time."""

    def dropped(self, delivery: Delivery) -> None:
        """It is another consumer's by now."""


class Pool:
    """Runs one handler for the deliveries given to it, at most `concurrency` at a time, in their order.

    Args:
        handler: What to run.
        outcomes: Whom to tell.
        stats: Where durations are counted.
    """

    def __init__(self, handler: Handler, outcomes: Outcomes, stats: Stats) -> None:
        self.handler = handler
        self._outcomes = outcomes
        self._stats = stats
        self._accept = refuse_result if handler.batch else publish_result
        self._ready: deque[Delivery] = deque()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._runs: dict[Run, Sequence[Delivery]] = {}
        self._quiet = asyncio.Event()
        self._workers: list[asyncio.Task[None]] = []
        self._deaf: set[asyncio.Task[None]] = set()
        self._stopping = False

    def start(self) -> None:
        """Start the workers."""
        self._workers = [self._worker() for _ in range(self.handler.concurrency)]

    def push(self, deliveries: Iterable[Delivery]) -> None:
        """Queue deliveries for the workers; once nothing is to be started they are left where they are."""
        if self._stopping:
            return
        self._ready.extend(deliveries)
        self._wake(1)
        # The others a little later: where handlers do not suspend, the first worker has done it all by then. To wake all
        # at once took an eighth of the processor time of consuming 50 at a time.
        if self._idle:
            asyncio.get_running_loop().call_soon(self._wake_more)

    def cancel_overdue(self, now: float) -> None:
        """Cancel every run whose time is up, and go on without those that were cancelled and do not end."""
        for run in tuple(self._runs):
            if run.cancelled is not None:
                if now > run.cancelled_at + _HEED_SECONDS:
                    self._give_up(run)
            elif now > run.deadline:
                run.cancel("timeout")

    def advance(self, seconds: float) -> None:
        """Let every run under way be older by so many seconds."""
        for run in self._runs:
            run.deadline -= seconds

    def stop_starting(self) -> None:
        """Start nothing more; what runs goes on."""
        self._stopping = True
        self._ready.clear()
        if not self._runs:
            self._quiet.set()

    async def wait_until_quiet(self) -> None:
        """Wait, once nothing more is to be started, until nothing runs."""
        await self._quiet.wait()

    async def stop(self) -> None:
        """End the workers, cancelling what still runs."""
        self._stopping = True
        workers = (*self._workers, *self._deaf)
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers, timeout=_HEED_SECONDS)

    def _worker(self) -> asyncio.Task[None]:
        work = self._work_in_batches if self.handler.batch else self._work
        return asyncio.create_task(work(), name=f"sluiceway {self.handler.name}")

    def _replace(self, worker: asyncio.Task[None]) -> None:
        """Put a new worker in the place of one that a handler has made unusable."""
        if not self._stopping:
            self._workers[self._workers.index(worker)] = self._worker()

    def _give_up(self, run: Run) -> None:
        run.given_up = True
        deliveries = self._runs[run]
        self._end(run)
        self._deaf.add(run.task)
        run.task.add_done_callback(self._deaf.discard)
        self._replace(run.task)
        limit = self.handler.timeout_seconds
        error = TimeoutError(f"the handler took longer than {limit} s and did not end when it was cancelled")
        for delivery in deliveries:
            delivery.run = None
            self._tell(delivery, error)

    def _wake_more(self) -> None:
        self._wake(len(self._ready))

    def _wake(self, workers: int) -> None:
        while workers and self._idle:
            waiter = self._idle.popleft()
            # One that is done gave up waiting; it does not stand for a worker.
            if not waiter.done():
                waiter.set_result(None)
                workers -= 1

    async def _next(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._idle.append(waiter)
        await waiter

    async def _work(self) -> None:
        task, clock, ready, handler = _this_task(), time.monotonic, self._ready, self.handler
        run = Run(task, single=True)
        now = clock()
        slice_ends = now + _SLICE_SECONDS
        # A handler may swallow the cancellation that ends its worker.
        while not self._stopping:
            if not ready:
                await self._next()
                now = clock()
                slice_ends = now + _SLICE_SECONDS
                continue
            delivery = ready.popleft()
            if delivery.lost:
                self._outcomes.dropped(delivery)
                continue
            run.deadline = now + handler.timeout_seconds
            delivery.run = run
            delivery.stage = RUNNING
            current_flow.set(delivery)
            arguments = (delivery.event, Context(delivery)) if handler.takes_context else (delivery.event,)
            error = await self._attempt(run, (delivery,), arguments)
            if run.given_up:
                return
            began, now = now, clock()
            self._stats.handler_seconds.observe(now - began)
            delivery.run = None
            self._tell(delivery, error)
            if error is not None or run.cancelled:
                run = Run(task, single=True)
            if not self._usable(task):
                return
            if now > slice_ends:
                await asyncio.sleep(0)
                now = clock()
                slice_ends = now + _SLICE_SECONDS

    async def _attempt(
        self, run: Run, deliveries: Sequence[Delivery], arguments: Sequence[object]
    ) -> BaseException | None:
        """Call the handler and return why it failed, or None."""
        self._runs[run] = deliveries
        try:
            result = await self.handler.call(*arguments)
            if result is not None and not run.given_up:
                self._accept(self.handler, deliveries[0], result)
        except asyncio.CancelledError as cancelled:
            return self._why(run, cancelled)
        except _ENDS_THE_PROCESS:
            raise
        except BaseException as raised:  # noqa: BLE001  # whatever else a handler raises is a failed attempt
            return _release_memory(raised)
        finally:
            self._end(run)
        return None

    def _usable(self, task: asyncio.Task[None]) -> bool:
        """Return whether a worker can go on: not if its handler cancelled the very task it runs in."""
        if not task.cancelling():
            return True
        self._replace(task)
        return False

    def _end(self, run: Run) -> None:
        self._runs.pop(run, None)
        if self._stopping and not self._runs:
            self._quiet.set()
        if run.cancelled and not run.given_up:
            # However it ended (it may even have finished, then what it did counts), the worker goes on.
            run.task.uncancel()

    def _why(self, run: Run, cancelled: asyncio.CancelledError) -> BaseException:
        if run.cancelled == "timeout":
            return TimeoutError(f"the handler took longer than {self.handler.timeout_seconds} s")
        if run.cancelled is None and run.task.cancelling() and self._stopping:
            raise cancelled
        # The handler awaited something that was cancelled, or cancelled itself: its own failure, not ours.
        return cancelled

    def _tell(self, delivery: Delivery, error: BaseException | None) -> None:
        if delivery.lost:
            self._outcomes.dropped(delivery)
        elif error is None:
            delivery.stage = DONE
            self._outcomes.done(delivery)
        else:
            self._outcomes.failed(delivery, error)

    async def _work_in_batches(self) -> None:
        task = _this_task()
        while not self._stopping:
            if not await self._run_batch(await self._collect(), task):
                return
            await asyncio.sleep(0)

    async def _run_batch(self, deliveries: list[Delivery], task: asyncio.Task[None]) -> bool:
        """Run the handler for a batch; return whether this worker can go on."""
        began = time.monotonic()
        run = Run(task, single=False)
        run.deadline = began + self.handler.timeout_seconds
        items: list[BatchItem[Any]] = []
        for delivery in deliveries:
            delivery.run = run
            delivery.stage = RUNNING
            if delivery.event is not None:
                items.append(BatchItem(delivery.event, Context(delivery)))
        batch: Batch[Any] = Batch(items)
        current_flow.set(deliveries[0])
        failure = await self._attempt(run, deliveries, (batch,))
        if run.given_up:
            return False
        self._stats.handler_seconds.observe(time.monotonic() - began)
        for delivery, item in zip(deliveries, items, strict=True):
            delivery.run = None
            self._tell(delivery, batch.failure_of(item) or failure)
        return self._usable(task)

    async def _collect(self) -> list[Delivery]:
        most = self.handler.batch
        while True:
            while not self._ready:
                await self._next()
            if len(self._ready) < most and self.handler.batch_wait_seconds:
                await self._fill(most)
            taken: list[Delivery] = []
            while self._ready and len(taken) < most:
                delivery = self._ready.popleft()
                if delivery.lost:
                    self._outcomes.dropped(delivery)
                else:
                    taken.append(delivery)
            if taken:
                return taken

    async def _fill(self, most: int) -> None:
        deadline = time.monotonic() + self.handler.batch_wait_seconds
        while len(self._ready) < most and (left := deadline - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._next()
            except TimeoutError:
                return


def _this_task() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  # a coroutine always runs in a task
    return task


def _release_memory(error: BaseException) -> BaseException:
    """Let go of what a handler that ran out of memory has taken: its frames hold it, and we need some to go on.

    The frames may hang on any error of the chain: where memory is wanting even for noting a frame, the interpreter raises
    another MemoryError, whose context is the one of the handler. Nothing here may need memory before some is released.
    """
    if isinstance(error, MemoryError):
        link: BaseException | None = error
        links = 0
        # Bounded, since a handler may have tied a chain into a ring.
        while link is not None and links < _MOST_LINKS:
            link.__traceback__ = None
            link = link.__context__
            links += 1
    return error
