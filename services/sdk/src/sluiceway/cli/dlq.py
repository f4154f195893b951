"""`sluiceway dlq`: list, show, replay and purge a group's dead letters."""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar, cast

from ..deadletters import DeadLetter, DeadLetters
from .command import Command, Parser, add_json_option, add_server_options, entry_id, not_empty, positive
from .exits import Exit, Failure
from .letter_report import letter_document, letter_report, list_document, list_report
from .output import Output, note
from .server import Server, with_server
from .streams import stream_info
from .table import Block, Table

__all__ = ["COMMAND"]

T = TypeVar("T")


def _configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, parser_class=Parser)
    for name, summary, add_arguments, perform in (
        ("list", "list them, oldest first", _limit, _list),
        ("show", "show one: where it comes from, and its original fields", _one_id, _show),
        ("replay", "give them back to this group, and no other, as a new start", _ids, _replay),
        ("purge", "delete them for good", _ids_and_yes, _purge),
    ):
        action = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        action.add_argument("stream", metavar="STREAM", type=not_empty, help="the stream that is consumed")
        action.add_argument("group", metavar="GROUP", type=not_empty, help="the group that gave up")
        add_arguments(action)
        add_json_option(action)
        add_server_options(action)
        action.set_defaults(perform=perform)


def _execute(options: argparse.Namespace) -> Exit:
    return cast("Callable[[argparse.Namespace], Exit]", options.perform)(options)


def _limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit", metavar="N", type=positive, default=100, help="show at most N (default: %(default)s)"
    )


def _one_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", type=entry_id, help="as `dlq list` shows it")


def _ids(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", metavar="ID", nargs="*", type=entry_id, help="as `dlq list` shows them")
    parser.add_argument("--all", action="store_true", help="all that are there now")


def _ids_and_yes(parser: argparse.ArgumentParser) -> None:
    _ids(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _list(options: argparse.Namespace) -> Exit:
    async def work(server: Server, letters: DeadLetters) -> tuple[list[DeadLetter], int, int]:
        total = await letters.count()
        if total == 0:
            await _refuse_unknown(server, options)
        return [each async for each in _first(letters, options.limit)], total, await server.now()

    found, total, now = _with_letters(options, work)
    Output(as_json=options.json).show(list_document(found, total, now), list_report(found, total, now))
    return Exit.OK


def _show(options: argparse.Namespace) -> Exit:
    async def work(server: Server, letters: DeadLetters) -> DeadLetter | None:
        letter = await letters.show(options.id)
        if letter is None:
            await _refuse_unknown(server, options)
        return letter

    letter = _with_letters(options, work)
    if letter is None:
        raise Failure(f"group {options.group} on {options.stream} has no dead letter {options.id}: see `dlq list`")
    Output(as_json=options.json).show(letter_document(letter), letter_report(letter))
    return Exit.OK


def _replay(options: argparse.Namespace) -> Exit:
    _refuse_unclear(options)
    replayed: dict[str, str] = {}
    missing: list[str] = []

    async def work(server: Server, letters: DeadLetters) -> None:
        await _refuse_unknown(server, options)
        ids = _ids_there_now(letters) if options.all else _each(options.ids)
        async for letter_id in ids:
            entry = await letters.replay(letter_id)
            if entry is not None:
                replayed[letter_id] = entry
            elif not options.all:
                missing.append(letter_id)

    try:
        _with_letters(options, work)
    finally:
        # Told also when the server went away in between: what is replayed is replayed.
        table = Table(("dead letter", "replayed as"), tuple(replayed.items()))
        document = {"replayed": [{"id": each, "entry_id": entry} for each, entry in replayed.items()]}
        blocks: list[Block] = [table] if replayed else ["nothing was replayed"]
        Output(as_json=options.json).show({**document, "missing": missing}, blocks)
    return _tell_missing(missing)


def _purge(options: argparse.Namespace) -> Exit:
    _refuse_unclear(options)

    async def count(server: Server, letters: DeadLetters) -> int:
        await _refuse_unknown(server, options)
        return await letters.count()

    async def purge(_: Server, letters: DeadLetters) -> int:
        return await letters.purge(*options.ids)

    number = _with_letters(options, count)
    asked = f"all ({number})" if options.all else str(len(options.ids))
    if not options.yes:
        _confirm(f"delete {asked} of the dead letters of group {options.group} on {options.stream} for good?")
    gone = _with_letters(options, purge) if options.ids or number else 0
    Output(as_json=options.json).show({"purged": gone}, [f"purged {gone}"])
    missing = len(set(options.ids)) - gone
    if missing > 0:
        note(f"{missing} of the named dead letters are not there")
        return Exit.FAILED
    return Exit.OK


def _with_letters(options: argparse.Namespace, work: Callable[[Server, DeadLetters], Awaitable[T]]) -> T:
    async def run(server: Server) -> T:
        async with DeadLetters(server.settings, options.stream, options.group) as letters:
            return await work(server, letters)

    return with_server(options, run)


async def _refuse_unknown(server: Server, options: argparse.Namespace) -> None:
    """Tell a mistyped name from a group without dead letters."""
    stream = await stream_info(server, options.stream)
    if stream is None:
        raise Failure(f"there is no stream {options.stream!r}")
    groups = [group.name for group in stream.groups]
    if options.group not in groups:
        raise Failure(f"stream {options.stream!r} has no group {options.group!r}; it has {', '.join(groups) or 'none'}")


def _refuse_unclear(options: argparse.Namespace) -> None:
    if bool(options.ids) == options.all:
        raise Failure("name dead letters by their IDs, or say --all", Exit.USAGE)


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise Failure(f"{question} Say --yes, since there is no terminal to ask at", Exit.USAGE)
    note(f"{question} [y/N]")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Failure("nothing was deleted")


def _tell_missing(missing: list[str]) -> Exit:
    if not missing:
        return Exit.OK
    note(f"not there: {', '.join(missing)}")
    return Exit.FAILED


async def _first(letters: DeadLetters, limit: int) -> AsyncIterator[DeadLetter]:
    async with aclosing(cast("AsyncGenerator[DeadLetter, None]", letters.list())) as listed:
        async for letter in listed:
            yield letter
            limit -= 1
            if limit == 0:
                return


async def _ids_there_now(letters: DeadLetters) -> AsyncIterator[str]:
    """Yield the IDs of those that are there now: a replay that fails again comes back at the end, and is another one."""
    number = await letters.count()
    if number:
        async for letter in _first(letters, number):
            yield letter.id


async def _each(ids: list[str]) -> AsyncIterator[str]:
    for each in dict.fromkeys(ids):
        yield each


COMMAND = Command(
    "dlq",
    """Look at a group's dead letters, give them back to it, or delete them.

A dead letter is an event that a group gave up: it could not be decoded, its handler rejected it, or failed as often
as its Retry allows. It holds the original fields byte for byte, and why, when and where it failed.

A replay goes to this group only, under the event's old identity, and is never taken for a duplicate. Other groups
of the stream do not see it.

examples:
  sluiceway dlq list orders payments
  sluiceway dlq show orders payments 1700000000000-0
  sluiceway dlq replay orders payments --all
  sluiceway dlq purge orders payments 1700000000000-0 --yes""",
    _configure,
    _execute,
)
