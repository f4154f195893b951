"""What the event store knows about the groups: one immutable snapshot per look."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis.exceptions import ResponseError

from shop_demo.client import Client


@dataclass(frozen=True, slots=True)
class GroupState:
    """One group on one stream.

    Args:
        lag: undelivered entries; ``None`` where the server cannot tell.
        pending: entries delivered and not yet acknowledged.
    """

    stream: str
    group: str
    lag: int | None
    pending: int

    @property
    def backlog(self) -> int | None:
        """Everything not yet acknowledged; ``None`` where the server cannot tell."""
        return None if self.lag is None else self.lag + self.pending


@dataclass(frozen=True, slots=True)
class ConsumerState:
    """One consumer of a group, and how many entries it owns."""

    name: str
    pending: int

    def belongs_to(self, pid: int) -> bool:
        """Tell whether the process is this consumer: its name is ``<host>-<pid>-<random>``."""
        return self.name.rsplit("-", 2)[-2:-1] == [str(pid)]


async def groups_of(client: Client, streams: Sequence[str]) -> list[GroupState]:
    """Look at every group of some streams; a stream that does not exist yet has none."""
    states: list[GroupState] = []
    for stream in streams:
        for info in await _reply(client.xinfo_groups(stream)):
            lag = info.get("lag")
            states.append(
                GroupState(
                    stream=stream,
                    group=_text(info["name"]),
                    lag=None if lag is None else int(lag),
                    pending=int(info["pending"]),
                )
            )
    return states


async def consumers_of(client: Client, stream: str, group: str) -> list[ConsumerState]:
    """List a group's consumers; a group that does not exist yet has none."""
    return [
        ConsumerState(_text(info["name"]), int(info["pending"]))
        for info in await _reply(client.xinfo_consumers(stream, group))
    ]


async def _reply(call: Any) -> list[dict[str, Any]]:
    try:
        return cast("list[dict[str, Any]]", await call)
    except ResponseError as error:
        if "no such key" in str(error) or "NOGROUP" in str(error):
            return []
        raise


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
