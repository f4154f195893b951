"""`sluiceway groups`: what each group still has to do."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress
from dataclasses import dataclass

from redis.exceptions import NoPermissionError, RedisError

from ..rights import is_about_a_key
from .command import Command, add_json_option, add_server_options, duration, not_empty
from .exits import Exit, Failure
from .failures import explained
from .group_reader import read_groups
from .group_state import GroupState, document, report
from .moments import iso
from .output import Output, note
from .server import Server, shown_address, with_server
from .streams import StreamInfo, find_streams, stream_info, without_derived

__all__ = ["COMMAND"]

_EVERY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Look:
    now: int
    states: tuple[GroupState, ...]
    unread: tuple[str, ...]
    hidden: int
    """Streams that were found but may not be looked at."""


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "streams", metavar="STREAM", nargs="*", type=not_empty, help="streams to look at (default: all)"
    )
    parser.add_argument(
        "--watch",
        metavar="EVERY",
        nargs="?",
        type=duration,
        const=_EVERY_SECONDS,
        help=f"look again and again until Ctrl-C (default: every {_EVERY_SECONDS:g} s); put it after the streams",
    )
    parser.add_argument("--consumers", action="store_true", help="also list each group's consumers (JSON always does)")
    add_json_option(parser)
    add_server_options(parser)


def _execute(options: argparse.Namespace) -> Exit:
    output = Output(as_json=options.json)
    if options.watch is None:
        look = with_server(options, lambda server: _look(server, options.streams))
        output.show(document(look.states, look.unread), report(look.states, look.unread, consumers=options.consumers))
        if look.hidden:
            note(f"{look.hidden} streams are left out: this user may not look at them")
        return Exit.OK
    with suppress(KeyboardInterrupt):  # the way to end it
        with_server(options, lambda server: _watch(server, options, output))
    return Exit.OK


async def _watch(server: Server, options: argparse.Namespace, output: Output) -> None:
    address = shown_address(server.settings.url)
    look: _Look | None = await _look(server, options.streams)  # what fails at once ends the command
    with output.live() as show:
        while True:
            if look is not None:
                heading = f"{address}  {iso(look.now)}  every {options.watch:g} s, Ctrl-C ends"
                blocks = report(look.states, look.unread, consumers=options.consumers)
                show({"time": iso(look.now), **document(look.states, look.unread)}, [heading, "", *blocks])
            await asyncio.sleep(options.watch)
            look = await _look_again(server, options.streams, failed_before=look is None)


async def _look_again(server: Server, names: list[str], *, failed_before: bool) -> _Look | None:
    """Look, or tell once why that is not possible now."""
    try:
        return await _look(server, names)
    except (RedisError, OSError, TimeoutError, Failure) as error:
        if not failed_before:
            note(f"{explained(error, shown_address(server.settings.url))}; still trying")
        return None


async def _look(server: Server, names: list[str]) -> _Look:
    infos, hidden = await _named(server, names) if names else await _all(server)
    now = await server.now()
    states = [state for info in infos for state in await read_groups(server, info, now)]
    unread = tuple(info.name for info in infos if not info.groups)
    return _Look(now, tuple(states), unread, hidden)


async def _named(server: Server, names: list[str]) -> tuple[list[StreamInfo], int]:
    infos = []
    for name in dict.fromkeys(names):
        info = await stream_info(server, name)
        if info is None:
            raise Failure(f"there is no stream {name!r}; without a name all streams are listed")
        infos.append(info)
    return infos, 0


async def _all(server: Server) -> tuple[list[StreamInfo], int]:
    infos, hidden = [], 0
    for name in await find_streams(server):
        try:
            info = await stream_info(server, name)
        except NoPermissionError as error:
            if not is_about_a_key(error):
                raise
            hidden += 1
            continue
        if info is not None:  # it may have gone since
            infos.append(info)
    return without_derived(infos), hidden


COMMAND = Command(
    "groups",
    """Show what each group still has to do.

  lag           entries not yet delivered to the group. Exact, or "about N" (the server's own account, which
                removed entries may have put wrong), or "unknown, N+": at least N. Never a guess shown as a zero.
  pending       entries delivered and not acknowledged: running, waiting for a retry, or left by a dead process
  oldest        age of the oldest entry that is not processed
  consumers     names in the group, `~released` for what stopped consumers handed back
  dead letters  kept for `sluiceway dlq`

Replayed dead letters are part of lag and pending.

cost: without STREAM the server's keys are walked with SCAN TYPE stream, a thousand a step: it blocks nobody, but on
a server with millions of other keys it takes seconds, so name the streams there. Per group some five commands in
constant time; where entries were removed from the stream and the group lags, up to 100 entries are fetched to count.

examples:
  sluiceway groups
  sluiceway groups orders payments --consumers
  sluiceway groups --watch 5s
  sluiceway groups --json | jq '.groups[] | select(.dead_letters > 0)'""",
    _configure,
    _execute,
)
