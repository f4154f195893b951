"""Whether this consumer reaches its server, and how to go on when it does not."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from redis.exceptions import RedisError, ResponseError

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

__all__ = ["Health", "group_is_missing"]

T = TypeVar("T")

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 2.0


def group_is_missing(error: BaseException) -> bool:
    """Return whether the server said that the group (or its stream) is not there."""
    return isinstance(error, ResponseError) and str(error).startswith("NOGROUP")


class Health:
    """Contact with the server, told once when it is lost and once when it is back.

    Args:
        log: Logger bound to stream, group and consumer.
    """

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._last_contact = -float("inf")
        self._fault: str | None = None
        self.refused: str | None = None
        """Why this consumer will not read until somebody steps in, or None."""
        self.refusal: str | None = None
        """Why the server refused the latest commit, or None if it took one since."""
        self._refusing_since = 0.0
        self.repair: Callable[[], Awaitable[None]] | None = None
        """What makes a missing group anew."""
        self.explain: Callable[[BaseException], Awaitable[BaseException]] | None = None
        """What finds out which right is missing where the server does not say."""

    @property
    def fault(self) -> str | None:
        """The present fault, or None."""
        return self.refused or self._fault

    def seconds_without_contact(self) -> float:
        """Return the seconds since the server last answered; infinite before the first answer."""
        return time.monotonic() - self._last_contact

    def seconds_of_refusals(self) -> float:
        """Return for how many seconds the server has refused every commit; 0 if it took the latest one."""
        return time.monotonic() - self._refusing_since if self.refusal is not None else 0.0

    def commit_refused(self, why: str) -> None:
        """Note that the server refused a settlement."""
        if self.refusal is None:
            self._refusing_since = time.monotonic()
        self.refusal = why

    def commit_taken(self) -> None:
        """Note that the server took a settlement."""
        self.refusal = None

    def contact(self) -> None:
        """Note that the server answered as it should."""
        self._last_contact = time.monotonic()
        if self._fault is not None:
            self._log.info("Server answers again", after=self._fault)
            self._fault = None

    def failed(self, what: str, error: BaseException) -> None:
        """Note a fault; the first of a row is logged."""
        fault = f"{what}: {str(error) or type(error).__name__}"
        if self._fault is None:
            self._log.warning("Server does not answer as it should", doing=what, error=str(error) or repr(error))
        self._fault = fault

    async def persist(self, what: str, step: Callable[[], Awaitable[T]]) -> T:
        """Run a step until it succeeds, waiting longer each time, with jitter. A missing group is made anew.

        Args:
            what: What is being done, for the log.
            step: The step; it must be safe to repeat.

        Returns:
            What the step returned.
        """
        wait = _FIRST_WAIT
        while True:
            try:
                result = await step()
            except (RedisError, OSError, TimeoutError, MemoryError) as error:
                if group_is_missing(error) and self.repair is not None:
                    await self.repair()
                    continue
                self.failed(what, await self.explain(error) if self.explain is not None else error)
            else:
                self.contact()
                return result
            await asyncio.sleep(wait * (0.5 + random.random() / 2))  # noqa: S311
            wait = min(wait * 2, _LONGEST_WAIT)
