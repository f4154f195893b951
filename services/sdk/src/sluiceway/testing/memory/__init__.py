"""A server in this process: the SDK's own scripts, run by a Lua interpreter on streams, hashes and sets in memory."""

from .connection import MemoryConnection
from .server import MemoryServer

__all__ = ["MemoryConnection", "MemoryServer"]
