"""What may go wrong, on request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from ..engine import Consumer
from .control import Control
from .deployment import Deployment
from .tap import Call, Tap
from .watch import Watch

__all__ = ["Faults"]

_PAUSE_SECONDS = 0.005


class Faults:
    """Lets something go wrong, once, at the next occasion; several that are asked for happen one after the other.

    Args:
        tap: Where the services' commands pass.
        control: The kit's own hands on the server.
        deployment: The consumers.
        watch: Watches them.

    Example:
        >>> kit.faults.crash_before_commit()
        >>> outcome = await kit.deliver(OrderCreated(order_id="A-1"))
        >>> outcome.delivery_count
        2
    """

    def __init__(self, tap: Tap, control: Control, deployment: Deployment, watch: Watch) -> None:
        self._tap = tap
        self._control = control
        self._deployment = deployment
        self._watch = watch
        self._tasks: set[asyncio.Task[None]] = set()

    def crash_before_commit(self) -> None:
        """Let a process die after its handler and before its commit: another one takes over and runs the handler again."""
        self._tap.set_trap(self._crash, "commit")

    def claim_race(self) -> None:
        """Let a handler's lease run out before its commit: another consumer runs it, too, and commits first."""
        self._tap.set_trap(self._race, "commit")

    def trimmed_body(self) -> None:
        """Let the entry be deleted from its stream while its handler runs.

        This attempt is still committed, unless the server drops the entry's pending reference first, which it does when
        it is asked for expired leases: then it is `lost_to_trimming`. No attempt after this one has a body.
        """
        self._tap.set_trap(self._trim, "commit", "fail")

    def no_group(self) -> None:
        """Let the consumer group be destroyed before a commit: it is made anew, and the handler runs again."""
        self._tap.set_trap(self._destroy, "commit")

    def time_out(self) -> None:
        """Let a handler be too slow: what it does it does, but it does not end before its `timeout_seconds`."""
        self._watch.too_slow += 1

    def duplicate(self) -> None:
        """Let what is published next arrive twice, as from a producer that got no answer and tried again.

        Its outputs appear once. A handler that has not committed when the second one arrives may run twice.
        """
        self._tap.set_trap(self._repeat, "publish")

    @contextmanager
    def server_down(self) -> Iterator[None]:
        """Let the server be unreachable for the length of a `with` block."""
        self._tap.is_down = True
        try:
            yield
        finally:
            self._tap.is_down = False

    @property
    def under_way(self) -> bool:
        """Whether something is still being broken or mended."""
        return bool(self._tasks)

    async def close(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _crash(self, call: Call) -> None:
        stream, consumer = self._place(call)
        if consumer is not None:
            self._spawn(self._replace(stream, consumer))
            # Its death ends this.
            await asyncio.Event().wait()

    async def _replace(self, stream: str, consumer: Consumer) -> None:
        await self._deployment.kill(consumer)
        await self._control.age(stream, consumer.keys.group, consumer.name)
        self._deployment.add(consumer.keys.group, consumer.keys.stream)

    async def _race(self, call: Call) -> None:
        stream, loser = self._place(call)
        if loser is None:
            return
        group = loser.keys.group
        entries = await self._control.pending(stream, group, loser.name)
        self._deployment.add(group, loser.keys.stream)
        for entry_id in entries:
            while await self._unresolved(stream, group, entry_id):
                await self._control.age(stream, group, loser.name)
                await self._watch.wait(_PAUSE_SECONDS)

    async def _unresolved(self, stream: str, group: str, entry_id: bytes) -> bool:
        """Return whether an entry's new consumer has neither settled it nor failed."""
        return await self._control.is_pending(stream, group, entry_id) and not self._deployment.waits(stream, entry_id)

    async def _trim(self, call: Call) -> None:
        stream, consumer = self._place(call)
        if consumer is not None:
            entries = await self._control.pending(stream, consumer.keys.group, consumer.name)
            await self._control.call(stream, "XDEL", stream, *entries)

    async def _destroy(self, call: Call) -> None:
        stream, consumer = self._place(call)
        if consumer is not None:
            await self._control.call(stream, "XGROUP", "DESTROY", stream, consumer.keys.group)

    async def _repeat(self, call: Call) -> Callable[[], Awaitable[None]]:
        async def once_more() -> None:
            await self._control.run(call.keys[0].decode(), call.script, call.keys, call.arguments)

        return once_more

    def _place(self, call: Call) -> tuple[str, Consumer | None]:
        """Return where a commit is made, and by whom."""
        stream = call.keys[0].decode()
        return stream, self._deployment.find(stream, call.arguments[0].decode(), call.arguments[1].decode())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="sluiceway test kit")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
