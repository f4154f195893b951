"""Finds out whether this consumer's user may do all that consuming takes, before anything is read.

Without it a right that is needed only now and then would be missed in the middle of the night, and one that a commit
can do without (remembering an event ID, say) would never be missed, although a promise hangs on it.
"""

from __future__ import annotations

import asyncio

from redis.exceptions import NoPermissionError, RedisError, ResponseError

from ..connection import Link
from ..rights import advice, is_denied
from ..scripts import load
from .shared import Shared

__all__ = ["Rights"]


class Rights:
    """The rights of one consumer's user, but for those on the streams that its handlers publish to.

    The latter are looked at by each commit, which holds back what it may not write and settles the rest.

    Args:
        link: Its connection.
        shared: What the consumer's rooms have in common.
    """

    def __init__(self, link: Link, shared: Shared) -> None:
        self._link = link
        self._sources = shared.holdings.sources
        self._consumer = shared.consumer
        self._trims = shared.options.trim is not None
        self._script = load("rights")
        self._one_at_a_time = asyncio.Lock()
        shared.health.explain = self.explain

    async def check(self) -> None:
        """Return if nothing is missing.

        Raises:
            redis.exceptions.NoPermissionError: Names all that is missing, as ACL SETUSER takes it.
            redis.exceptions.RedisError: The server cannot be asked.
        """
        async with self._one_at_a_time:
            missing = await self._missing()
        if missing:
            raise NoPermissionError(f"the user has too few rights: allow {' '.join(missing)} with ACL SETUSER")

    async def explain(self, error: BaseException) -> BaseException:
        """Return an error that says which right is missing, if that is what an error is about."""
        if not is_denied(error):
            return error
        try:
            await self.check()
        except (RedisError, OSError, TimeoutError) as told:
            return told
        return error

    async def _missing(self) -> list[str]:
        keys = self._sources[0].keys
        touched = [key for source in self._sources for key in (source.stream, source.state, source.retry)]
        missing = []
        for key in (*touched, *keys.markers, keys.dead, keys.scratch):
            try:
                await self._link.run(self._script, (key,), ())
            except NoPermissionError as error:
                told = advice(error, (key,), ())
                if f"~{key}" not in told:
                    raise ResponseError(f"{error}; {told}") from error
                missing.append(f"~{key}")
        if {f"~{keys.stream}", f"~{keys.scratch}"} & set(missing):
            return missing
        arguments = (keys.group, self._consumer, int(self._trims))
        names: list[bytes] = await self._link.run(self._script, (keys.stream, keys.scratch), arguments)
        return [*missing, *(f"+{name.decode()}" for name in names)]
