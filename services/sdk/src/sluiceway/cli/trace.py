"""`sluiceway trace`: one business flow, event by event."""

from __future__ import annotations

import argparse

from .command import Command, add_json_option, add_server_options, duration, not_empty, positive
from .exits import Exit, Failure
from .flow import Flow
from .flow_report import flow_document, flow_report
from .flow_search import FlowSearch
from .moments import iso
from .output import Output, note
from .server import Server, with_server
from .streams import find_streams, stream_info

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "correlation_id", metavar="CORRELATION_ID", type=not_empty, help="as in a receipt or X-Correlation-Id"
    )
    parser.add_argument("--streams", metavar="A,B,…", type=_names, help="streams to search (default: all)")
    parser.add_argument(
        "--since",
        metavar="DURATION",
        type=duration,
        default=3600.0,
        help="how far back to search, such as 15m or 2d (default: 1h)",
    )
    parser.add_argument(
        "--limit",
        metavar="N",
        type=positive,
        default=1_000_000,
        help="most entries read of one stream (default: %(default)s)",
    )
    add_json_option(parser)
    add_server_options(parser)


def _execute(options: argparse.Namespace) -> Exit:
    flow, search = with_server(options, lambda server: _search(server, options))
    window = {"since": iso(search.since_ms), "until": iso(search.now_ms)}
    looked_at = {**window, "streams": search.streams, "entries": search.entries_read, "cut_short": search.cut_short}
    if search.cut_short:
        note(f"not all of {', '.join(search.cut_short)} was read: see --limit and --since")
    if search.hidden:
        note(f"{len(search.hidden)} streams are left out: this user may not look at them")
    if not flow.events:
        raise Failure(
            f"no event of flow {options.correlation_id!r} among {search.entries_read} entries of {len(search.streams)} "
            f"streams since {window['since']}; look further back with --since 24h. What was trimmed is gone"
        )
    Output(as_json=options.json).show({**flow_document(flow), "looked_at": looked_at}, flow_report(flow))
    return Exit.OK


async def _search(server: Server, options: argparse.Namespace) -> tuple[Flow, FlowSearch]:
    names = options.streams or await find_streams(server)
    for name in options.streams or ():
        if await stream_info(server, name) is None:
            raise Failure(f"there is no stream {name!r}")
    now = await server.now()
    since = max(0, now - round(options.since * 1000))
    search = FlowSearch(server, options.correlation_id, since, now, options.limit)
    return await search.run(names), search


def _names(text: str) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise argparse.ArgumentTypeError("name at least one stream")
    return names


COMMAND = Command(
    "trace",
    """Show the events of one business flow in order, over all streams, and what each group made of them.

The correlation ID is in every receipt, log line and dead letter, and in the header X-Correlation-Id that an HTTP
service answers with. Times are the server's: +start is the time since the flow's first event.

  settled            acknowledged by the group (also where it ignores events of that type)
  pending            delivered: being handled, or left by a process that died
  waiting for retry  failed, and due again later
  dead letter        given up; `sluiceway dlq` shows and replays it

cost: entries carry no index, so every entry of the window is read and compared here: 1,000 at most a call (fewer
where they are large), which a server notices as little as one more consumer. A million entries take ten to
twenty seconds and, on the wire, their whole size. Name --streams and a short --since on busy servers. Nothing is written.
Entries that were trimmed are gone; what the dead letters still know of them is shown.

examples:
  sluiceway trace 0f8fad5b-d9cb-469f-a165-70867728950e
  sluiceway trace 0f8fad5b-d9cb-469f-a165-70867728950e --streams orders,payments --since 15m --json""",
    _configure,
    _execute,
)
