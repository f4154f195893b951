"""Runs server-side scripts as Redis does: Lua 5.1, with `redis.call`, `redis.pcall` and `cmsgpack`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from redis.exceptions import ResponseError

from ...errors import ConfigurationError
from .replies import Reply, Status

__all__ = ["Call", "Interpreter"]

Call = Callable[[list[bytes]], Reply]
"""Runs a command: its name and its arguments."""

_PRELUDE = b"""
local command, pack, unpack_record = ...
cmsgpack = {pack = pack, unpack = unpack_record}
redis = {pcall = command}
function redis.call(...)
  local reply = command(...)
  if type(reply) == 'table' and reply.err then error(reply) end
  return reply
end
function redis.error_reply(text) return {err = text} end
function redis.status_reply(text) return {ok = text} end
return function(script)
  local well, reply = pcall(script)
  if well or type(reply) == 'table' then return reply end
  return {err = 'ERR ' .. tostring(reply)}
end
"""


class Interpreter:
    """One Lua interpreter, which keeps the scripts that it was given.

    Args:
        call: Runs a command of a script.

    Raises:
        ConfigurationError: There is no Lua in this environment.
    """

    def __init__(self, call: Call) -> None:
        try:
            from lupa.lua51 import LuaRuntime, lua_type  # noqa: PLC0415  # only tests need it
        except ImportError:
            raise ConfigurationError(
                "a server in memory needs a Lua interpreter: pip install 'sluiceway[testing]', or give the kit a "
                "real server: Kit(…, redis=server.url)"
            ) from None
        self._call = call
        self._lua = LuaRuntime(encoding=None, register_eval=False, register_builtins=False)
        self._lua_type = lua_type
        prelude = self._lua.compile(_PRELUDE)
        self._guarded = prelude(self._command, self._pack, self._unpack)
        self._scripts: dict[bytes, Any] = {}

    def knows(self, digest: bytes) -> bool:
        """Return whether a script was loaded."""
        return digest in self._scripts

    def load(self, digest: bytes, source: bytes) -> None:
        """Keep a script."""
        first, _, rest = source.partition(b"\n")
        # The shebang is Redis's, not Lua's; the empty line keeps the numbers of the others.
        self._scripts[digest] = self._lua.compile(b"\n" + rest if first.startswith(b"#!") else source)

    def run(self, digest: bytes, keys: Sequence[bytes], arguments: Sequence[bytes]) -> Reply:
        """Run a script that was loaded.

        Raises:
            ResponseError: What the script raised or answered as an error.
        """
        names = self._lua.globals()
        names[b"KEYS"] = self._lua.table_from(list(keys))
        names[b"ARGV"] = self._lua.table_from(list(arguments))
        return self._answer(self._guarded(self._scripts[digest]))

    def _command(self, *arguments: Any) -> Any:
        try:
            reply = self._call([_argument(each) for each in arguments])
        except ResponseError as error:
            return self._lua.table_from({b"err": str(error).encode()})
        return self._shown(reply)

    def _shown(self, reply: Reply) -> Any:
        """Return a reply as a script sees it."""
        if reply is None:
            return False
        if isinstance(reply, Status):
            return self._lua.table_from({b"ok": bytes(reply)})
        if isinstance(reply, list):
            return self._lua.table_from([self._shown(each) for each in reply])
        return reply

    def _answer(self, value: Any) -> Reply:
        """Return what a script returned as its caller sees it."""
        if self._lua_type(value) == "table":
            if (error := value[b"err"]) is not None:
                raise ResponseError(error.decode())
            if (status := value[b"ok"]) is not None:
                return Status(status)
            return [self._answer(value[place]) for place in range(1, len(value) + 1)]
        if value is None or value is False:
            return None
        return value if isinstance(value, bytes) else int(value)

    # Only the scripts themselves read what they have packed, so the format is ours.
    def _pack(self, record: Any) -> bytes:
        values = [record[place] for place in range(1, len(record) + 1)]
        return json.dumps([each.decode("latin-1") if isinstance(each, bytes) else each for each in values]).encode()

    def _unpack(self, packed: bytes) -> Any:
        values = [each.encode("latin-1") if isinstance(each, str) else each for each in json.loads(packed)]
        return self._lua.table_from(values)


def _argument(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return b"%.17g" % value if isinstance(value, float) else b"%d" % value
