"""A server-side script: loaded once, loaded again where the server has forgotten it."""

import hashlib
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from .connection import Commands

__all__ = ["Script"]


class Script:
    """A Lua script of this package.

    Args:
        package: Where its file is.
        name: The file's name without `.lua`.
        read_only: It writes nothing: it runs on a full server, and with rights to read only.
    """

    def __init__(self, package: str | None, name: str, *, read_only: bool = False) -> None:
        self._source = files(package or "").joinpath(f"{name}.lua").read_text()
        self._id = hashlib.sha1(self._source.encode()).hexdigest()  # noqa: S324  # what a server calls a script by
        suffix = "_RO" if read_only else ""
        self._by_id, self._by_source = f"EVALSHA{suffix}", f"EVAL{suffix}"

    async def run(self, client: Commands, keys: list[str], arguments: list[str | int]) -> Any:
        """Run it.

        Args:
            client: A client that answers bytes.
            keys: Keys that it touches.
            arguments: The rest.

        Raises:
            redis.exceptions.RedisError: The server does not answer, or refuses.
        """
        rest = (len(keys), *keys, *arguments)
        try:
            return await client.execute_command(self._by_id, self._id, *rest)
        except NoScriptError:
            # the server keeps it, so the next call finds it
            return await client.execute_command(self._by_source, self._source, *rest)
