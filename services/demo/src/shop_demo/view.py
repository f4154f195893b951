"""What the person at the terminal sees while it runs: a picture of 80 by 24, redrawn in place, or plain lines."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from shop_demo.autoscaler import Scale
from shop_demo.journal import Journal, Note
from shop_demo.latency import LatencySummary
from shop_demo.observe import GroupState
from shop_demo.supervisor import ProcessState

_HEADER_LINES = 3
_UPPER_LINES = 12
_LEAST_NOTES = 2
_LEAST_ROWS = 2
_STATE_STYLES = {"running": "green", "starting": "yellow", "stopping": "yellow", "killed": "bold red", "stopped": "red"}


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that one redraw shows.

    Args:
        store: what the event store is called.
        orders_url: where orders are posted.
        goal: what the run is about to do, in words.
        elapsed_seconds: since the run began.
        accepted, settled, completed, declined, messages, dead_letters, refused: counts so far.
        accepted_per_second, settled_per_second: over the last seconds.
        latency: of recent orders, from 202 to message.
        post: of all POSTs of this phase.
        groups: the consumer groups.
        processes: the service processes.
        scale: how many payments processes there are and why; ``None``: their number is fixed.
    """

    store: str
    orders_url: str
    goal: str
    elapsed_seconds: float
    accepted: int
    settled: int
    completed: int
    declined: int
    messages: int
    dead_letters: int
    refused: int
    accepted_per_second: float
    settled_per_second: float
    latency: LatencySummary
    post: LatencySummary
    groups: Sequence[GroupState]
    processes: Sequence[ProcessState]
    scale: Scale | None = None


def draw(picture: Picture, journal: Journal, *, height: int) -> RenderableType:
    """Draw a picture.

    Args:
        picture: what to show.
        journal: its latest notes fill what is left of the height.
        height: lines of the terminal.
    """
    upper = Table.grid(expand=True)
    upper.add_column(ratio=4)
    upper.add_column(ratio=5)
    upper.add_row(
        Panel(_orders(picture), title="orders", box=box.ROUNDED),
        Panel(Group(_latencies(picture), Text(), _groups(picture)), title="milliseconds, groups", box=box.ROUNDED),
    )
    scale = [_scale(picture.scale)] if picture.scale is not None else []
    room = height - (_HEADER_LINES + _UPPER_LINES + len(scale) + 2) - 1
    processes = _processes(picture.processes, most_rows=max(_LEAST_ROWS, room - _LEAST_NOTES))
    notes = max(_LEAST_NOTES, room - len(processes.rows))
    return Group(
        _header(picture),
        upper,
        Panel(Group(*scale, processes), title="processes", box=box.ROUNDED),
        *(_note(note) for note in journal.notes[-notes:]),
    )


def plain_line(picture: Picture) -> str:
    """Say the most important of a picture in one line."""
    backlogs = ", ".join(f"{_name(group)} {_count(group.backlog)}" for group in picture.groups if group.backlog != 0)
    return (
        f"{_clock(picture.elapsed_seconds)} accepted {picture.accepted} ({picture.accepted_per_second:.0f}/s), "
        f"settled {picture.settled}, declined {picture.declined}, dead letters {picture.dead_letters}, "
        f"{_replicas(picture.scale)}"
        f"p50 {picture.latency.p50:.0f} ms, p99 {picture.latency.p99:.0f} ms, backlog: {backlogs or 'none'}"
    )


def plain_note(note: Note) -> str:
    """Say a note in one line."""
    return f"{_clock(note.at_seconds)} {note.text}"


def _header(picture: Picture) -> Group:
    title = Table.grid(expand=True)
    title.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    title.add_column(justify="right")
    title.add_row(Text(f"Sluiceway demo: {picture.goal}", style="bold"), _clock(picture.elapsed_seconds))
    store = Text(f"events in {picture.store}", style="dim", no_wrap=True, overflow="ellipsis")
    orders = Text(f"POST {picture.orders_url}    Ctrl-C stops", style="dim", no_wrap=True, overflow="ellipsis")
    return Group(title, store, orders)


def _orders(picture: Picture) -> Table:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right")
    table.add_row("accepted (202)", f"{picture.accepted:,}", f"{picture.accepted_per_second:.0f}/s")
    table.add_row("settled", f"{picture.settled:,}", f"{picture.settled_per_second:.0f}/s")
    open_orders = picture.accepted - picture.settled
    table.add_row("on their way", Text(f"{open_orders:,}", style="yellow" if open_orders else ""), "")
    table.add_row("payments completed", f"{picture.completed:,}", "")
    table.add_row("payments failed", f"{picture.declined:,}", "")
    table.add_row("messages sent", f"{picture.messages:,}", "")
    table.add_row("dead letters", Text(f"{picture.dead_letters:,}", style="red" if picture.dead_letters else ""), "")
    table.add_row("refused POSTs", Text(f"{picture.refused:,}", style="red" if picture.refused else ""), "")
    return table


def _latencies(picture: Picture) -> Table:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column()
    for _ in range(2):
        table.add_column(justify="right")
    table.add_row("", Text("p50", style="dim"), Text("p99", style="dim"))
    table.add_row("order to message", f"{picture.latency.p50:,.0f}", f"{picture.latency.p99:,.0f}")
    table.add_row("POST to 202", f"{picture.post.p50:,.0f}", f"{picture.post.p99:,.0f}")
    return table


def _groups(picture: Picture) -> Table:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for _ in range(2):
        table.add_column(justify="right")
    table.add_row("", Text("backlog", style="dim"), Text("pending", style="dim"))
    for group in picture.groups:
        table.add_row(_name(group), _count(group.backlog), _count(group.pending))
    return table


def _processes(states: Sequence[ProcessState], *, most_rows: int) -> Table:
    columns = 2 if len(states) > 3 else 1
    table = Table.grid(expand=True, padding=(0, 1))
    for _ in range(columns):
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    cells = [_process(state) for state in states]
    if (most := most_rows * columns) < len(cells):
        cells[most - 1 :] = [Text(f"… and {len(cells) - most + 1} more", style="dim")]
    for start in range(0, len(cells), columns):
        table.add_row(*cells[start : start + columns])
    return table


def _scale(scale: Scale) -> Text:
    wanted = "?" if scale.desired is None else scale.desired
    text = Text(
        f"payments {scale.current} of {wanted} wanted, {scale.most} at most  ", no_wrap=True, overflow="ellipsis"
    )
    return text.append(scale.why, style="dim")


def _replicas(scale: Scale | None) -> str:
    return "" if scale is None else f"payments processes {scale.current}, "


def _process(state: ProcessState) -> Text:
    text = Text(f"{state.name:<16}")
    text.append(f"{state.state:<9}", style=_STATE_STYLES[state.state])
    if state.pid is not None:
        text.append(f"{state.pid:>7}", style="dim")
    if state.restarts:
        text.append(f"  ↻{state.restarts}", style="yellow")
    return text


def _note(note: Note) -> Text:
    style = "red" if note.text.startswith(("SIGKILL", "outage:")) else "dim"
    return Text(plain_note(note), style=style, no_wrap=True, overflow="ellipsis")


def _name(group: GroupState) -> str:
    return f"{group.stream.rpartition(':')[2]}→{group.group}"


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _clock(seconds: float) -> str:
    return time.strftime("%M:%S", time.gmtime(seconds)) if seconds < 3600 else f"{seconds / 3600:.1f}h"
