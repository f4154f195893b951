"""Makes groups that are missing, and writes the policy for lost ones where the SDK reads it."""

from dataclasses import dataclass
from typing import Literal, cast

from ..connection import Commands
from ..keys import GroupKeys
from ..resource import Group
from ..script import Script

__all__ = ["GroupEnsured", "ensure_group"]

_SCRIPT = Script(__package__, "ensure_group")

How = Literal["exists", "created", "repaired", "refused"]


@dataclass(frozen=True, slots=True)
class GroupEnsured:
    """How a group was found.

    Args:
        how: It `exists`; it was `created` for the first time; it had been lost and was `repaired`; or it was lost, and
            the policy Fail `refused` to make it anew.
        after: ID after which a new group starts; empty if none was made.
    """

    how: How
    after: str = ""


async def ensure_group(client: Commands, stream: str, group: Group, *, was_seen: bool = False) -> GroupEnsured:
    """Make the group, with its stream, unless it exists.

    Args:
        client: A client that answers bytes.
        stream: The stream.
        group: What was asked for.
        was_seen: The group existed once, so that it was lost, even if the server forgot everything about it.

    Raises:
        redis.exceptions.RedisError: The server does not answer, or refuses.
    """
    keys = GroupKeys(stream, group.name)
    how, after = await _SCRIPT.run(
        client,
        [stream, keys.state, f"{keys.state}:retry"],
        [group.name, group.start_from.lower(), group.on_lost.lower(), int(was_seen)],
    )
    return GroupEnsured(cast("How", how.decode()), after.decode())
