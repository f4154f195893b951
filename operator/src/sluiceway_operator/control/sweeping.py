"""Looks at all groups of one server again and again, each look bounded in time, and takes every resource a step on."""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Sequence
from itertools import groupby

import structlog
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from ..observation import Unknown
from ..observe import LookFailed, observe_groups
from .judging import Seen
from .server import Server
from .stepping import Stepper
from .tally import SweepTally
from .tracked import Tracked

__all__ = ["Sweep"]

_GROUPS_PER_CALL = 100
"""Groups looked at by one call: less than a millisecond of the server's time where nothing has to be counted."""


class Sweep:
    """The sweeps of one server.

    Args:
        server: The server.
        tracked: Returns the resources on it, as they are now.
        stepper: Takes them on.
        waited_for: Whether the first entry of a stream would wake it: only then a resource may rest.
        refused: Is told when the server begins not to let us in.
        every_seconds: From the beginning of one sweep to that of the next.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        server: Server,
        tracked: Callable[[], Collection[Tracked]],
        stepper: Stepper,
        *,
        waited_for: Callable[[str], bool] = lambda _: False,
        refused: Callable[[], None] = lambda: None,
        every_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self._tracked = tracked
        self._stepper = stepper
        self._waited_for = waited_for
        self._refused = refused
        self._every_seconds = every_seconds
        self._clock = clock
        self._log = structlog.get_logger().bind(server=server.address.url)
        self._unreachable = False
        self.tally = SweepTally()
        """How its sweeps went."""
        self.login_refused = False
        """Whether the server did not let us in, when it was asked last."""
        self.began_at = clock()
        """When the latest sweep began, in seconds of the clock; before the first, since when it is waited for."""
        self.deviation_seconds = 0.0
        """How late the latest sweep began."""

    async def run(self) -> None:
        """Sweep for ever, beginning at a random moment so that servers are not looked at all at once."""
        due = self._clock() + self._every_seconds * random.random()  # noqa: S311
        while True:
            await asyncio.sleep(max(0.0, due - self._clock()))
            self.deviation_seconds = max(0.0, self._clock() - due)
            await self.once()
            # a sweep that took too long is not caught up with
            due = max(due + self._every_seconds, self._clock())

    async def once(self) -> None:
        """Look at every resource that does not rest and take it a step on."""
        self.began_at = now = self._clock()
        with self.tally.timed(self._clock):
            await self.look_at([each for each in self._tracked() if not self._rests(each, now)])

    async def look_at(self, some: Collection[Tracked]) -> None:
        """Look at some resources now and take each a step on."""
        # on a cluster what shares a slot comes together
        everything = sorted(some, key=self._part)
        for start in range(0, len(everything), _GROUPS_PER_CALL):
            batch = everything[start : start + _GROUPS_PER_CALL]
            seen = await self._look(batch)
            now = self._clock()
            steps = (
                self._stepper.step(each, self._server.client, one)
                for each, one in zip(batch, seen, strict=True)
                if each.rest is None or not each.rest.goes_on(one, now)
            )
            await asyncio.gather(*steps)

    def _rests(self, tracked: Tracked, now: float) -> bool:
        rest = tracked.rest
        return rest is not None and now < rest.look_due and self._waited_for(tracked.resource.spec.stream)

    async def _look(self, batch: Sequence[Tracked]) -> Sequence[Seen]:
        """Look at what can be looked at with one call each, side by side: a part that does not answer spoils only its own."""
        parts = [list(part) for _, part in groupby(batch, self._part)]
        errors: list[Exception] = []
        answers = await asyncio.gather(*(self._look_at_part(part, errors) for part in parts))
        self._tell_reachable(errors[0] if errors else None)
        return [seen for answer in answers for seen in answer]

    def _part(self, tracked: Tracked) -> int:
        return self._server.part_of(tracked.resource.spec.stream)

    async def _look_at_part(self, batch: Sequence[Tracked], errors: list[Exception]) -> Sequence[Seen]:
        try:
            seen: Sequence[Seen] = await observe_groups(self._server.client, [each.ask for each in batch])
        except NoPermissionError as error:
            # one forbidden key spoils the whole call: find the one that is
            if len(batch) == 1:
                return [LookFailed(str(error))]
            return [one for each in batch for one in await self._look_at_part([each], errors)]
        except (RedisError, OSError, TimeoutError) as error:
            errors.append(error)
            unknown = Unknown("ServerUnreachable", str(error) or type(error).__name__, reachable=False)
            return [unknown] * len(batch)
        return seen

    def _tell_reachable(self, error: Exception | None) -> None:
        self.tally.answered(error is None)
        if error is not None and not self._unreachable:
            self._log.warning("Server cannot be reached; replicas are held", error=str(error))
        elif error is None and self._unreachable:
            self._log.info("Server is reached again")
        self._unreachable = error is not None
        refused_before, self.login_refused = self.login_refused, isinstance(error, AuthenticationError)
        if self.login_refused and not refused_before:
            self._refused()
