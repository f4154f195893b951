"""What a server says of itself: how often it ran which command, and how full it is. Read from `INFO commandstats memory`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["FACTS", "CommandFacts", "NodeFacts", "read_facts"]

FACTS = ("INFO", "commandstats", "memory")
"""The command to ask with; it takes the right `+info`."""

_COMMANDS = frozenset(
    {
        "evalsha",
        "evalsha_ro",
        "eval",
        "eval_ro",
        "fcall",
        "info",
        "xack",
        "xadd",
        "xautoclaim",
        "xclaim",
        "xdel",
        "xlen",
        "xpending",
        "xrange",
        "xread",
        "xreadgroup",
        "xtrim",
    }
)
"""What a server of streams is asked to do; the rest of some two hundred commands would only cost memory."""


@dataclass(frozen=True, slots=True)
class CommandFacts:
    """A command since the server started; calls by scripts count, too.

    Args:
        calls: How often it ran.
        seconds: How long in total.
    """

    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """One server process.

    Args:
        commands: The commands that matter here, by name in small letters.
        used_bytes: Memory that it uses.
        max_bytes: `maxmemory`; 0 if it has no limit.
        eviction_policy: `maxmemory-policy`: anything but `noeviction` may delete a stream.
    """

    commands: Mapping[str, CommandFacts]
    used_bytes: int
    max_bytes: int
    eviction_policy: str


def read_facts(info: Mapping[str, Any]) -> NodeFacts:
    """Read what `INFO` answered.

    Args:
        info: Its fields, as redis-py reads them.

    Raises:
        KeyError: A field is missing: it is no answer to this command.
    """
    commands = {
        name: CommandFacts(int(told["calls"]), int(told["usec"]) / 1_000_000)
        for field, told in info.items()
        if (name := field.removeprefix("cmdstat_")) != field and name in _COMMANDS
    }
    return NodeFacts(commands, int(info["used_memory"]), int(info["maxmemory"]), str(info["maxmemory_policy"]))
