"""Watches consumers: what they run, and what becomes of it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from ..batch import Batch
from ..context import current_flow
from ..engine import Consumer
from ..engine.delivery import Delivery, Run, Source, Waiting
from ..handlers import Handler
from .outcome import Outcome, attempt_failed, settled
from .outputs import EventClasses

__all__ = ["Watch"]

Hold = Callable[[Run], Awaitable[None]]
"""Waits at the end of a run."""


class Watch:
    """Keeps the outcomes of everything that is delivered.

    Args:
        classes: Finds the classes of events.
        clock: The consumers' clock.
    """

    def __init__(self, classes: EventClasses, clock: Callable[[], float]) -> None:
        self.outcomes: list[Outcome] = []
        self.runs: list[str] = []
        """The handlers that run now."""
        self.too_slow = 0
        """How many of the next runs are to take longer than they may."""
        self._classes = classes
        self._clock = clock
        self._changed = asyncio.Event()
        self._errors: dict[tuple[str, str], BaseException] = {}
        self._timed_out: set[tuple[str, str]] = set()

    def around(self, handler: Handler, group: str) -> Handler:
        """Return a handler that does the same and is watched."""
        return dataclasses.replace(handler, call=partial(self._call, handler, group))

    def adopt(self, consumer: Consumer) -> None:
        """Watch what becomes of a consumer's entries."""
        consumer.holdings.on_drop(self._left)
        consumer.holdings.on_park(self._parked)

    async def wait(self, most_seconds: float) -> None:
        """Wait until there is another outcome, at most so long."""
        self._changed.clear()
        try:
            async with asyncio.timeout(most_seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _call(self, handler: Handler, group: str, *arguments: Any) -> Any:
        flow = current_flow.get()
        held = flow.source.held.get(flow.entry_id) if flow.source is not None else None
        run = held.run if held is not None else None
        items = list(arguments[0]) if isinstance(arguments[0], Batch) else []
        events = [(group, item.context.event_id) for item in items] or [(group, flow.causation_id)]
        self.runs.append(handler.name)
        for event in events:
            self._errors.pop(event, None)
            self._timed_out.discard(event)
        try:
            result = await self._run(handler, run, arguments)
        except BaseException as error:
            self._errors |= dict.fromkeys(events, error)
            if run is not None and run.cancelled == "timeout":
                self._timed_out.update(events)
            raise
        finally:
            self.runs.remove(handler.name)
        for item, event in zip(items, events, strict=False):
            if (failure := arguments[0].failure_of(item)) is not None:
                self._errors[event] = failure
        return result

    async def _run(self, handler: Handler, run: Run | None, arguments: tuple[Any, ...]) -> Any:
        if not self.too_slow or run is None:
            return await handler.call(*arguments)
        self.too_slow -= 1
        run.deadline = -float("inf")
        result = await handler.call(*arguments)
        # The consumer's own watch ends this.
        await asyncio.Event().wait()
        return result

    def _left(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            error = self._errors.pop((delivery.source.group, delivery.event_id), None)
            self._note(settled(delivery, error, self._classes))

    def _parked(self, source: Source, _: bytes, waiting: Waiting) -> None:
        if waiting.delivery is None:
            return
        event = (source.group, waiting.delivery.event_id)
        self._note(
            attempt_failed(
                waiting.delivery,
                self._errors.pop(event, None),
                timed_out=event in self._timed_out,
                retry_after_seconds=waiting.due - self._clock(),
            )
        )

    def _note(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._changed.set()
