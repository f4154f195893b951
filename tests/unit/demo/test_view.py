"""The picture fits the smallest terminal that counts, with everything a newcomer looks for."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from shop_demo.autoscaler import Scale
from shop_demo.journal import Journal
from shop_demo.latency import LatencySummary
from shop_demo.observe import ConsumerState, GroupState
from shop_demo.supervisor import ProcessState
from shop_demo.view import Picture, draw, plain_line

PICTURE = Picture(
    store="Valkey 9.1.0, embedded, port 34567",
    orders_url="http://127.0.0.1:40001/orders",
    goal="2,000 orders at 500/s, 5 poisonous, kills",
    elapsed_seconds=72,
    accepted=1234,
    settled=1200,
    completed=1170,
    declined=37,
    messages=1202,
    dead_letters=3,
    refused=9,
    accepted_per_second=499.2,
    settled_per_second=480,
    latency=LatencySummary(10, 42.1, 212.2, 400),
    post=LatencySummary(10, 3.1, 12.2, 40),
    groups=[
        GroupState("orders", "orders", 0, 0),
        GroupState("orders", "payments", 12, 34),
        GroupState("payments", "notifications", None, 7),
        GroupState("payments", "orders", 0, 0),
        GroupState("notifications", "orders", 0, 0),
    ],
    processes=[
        ProcessState("orders", "orders", 12344, "running", 0),
        ProcessState("notifications-1", "notifications", 12347, "starting", 2),
        ProcessState("payments-x7kq2", "payments", None, "killed", 1),
        ProcessState("payments-bb94v", "payments", 12346, "running", 0),
        ProcessState("payments-zk4m6", "payments", 12348, "running", 0),
        ProcessState("payments-n8dfw", "payments", 12349, "stopping", 0),
    ],
    scale=Scale(3, 4, 4, "DrainTime: 257 backlog, 36/s in, 50/s per replica: 4 replicas to drain it in 2 s"),
)


def drawn(picture: Picture, journal: Journal, *, width: int = 80, height: int = 24) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, legacy_windows=False)
    with console.capture() as capture:
        console.print(draw(picture, journal, height=height))
    return capture.get().splitlines()


def journal_of(count: int) -> Journal:
    journal = Journal()
    for number in range(count):
        journal.note(f"kill {number + 1}: SIGKILL payments-1 (pid 12345), it held 12 pending entries, a long story")
    return journal


def test_it_fits_80_columns_and_24_lines_however_much_has_happened() -> None:
    lines = drawn(PICTURE, journal_of(50))

    assert len(lines) < 24
    assert all(len(line) <= 80 for line in lines)


def test_more_processes_than_there_is_room_for_are_counted_and_it_fits_all_the_same() -> None:
    crowd = [ProcessState(f"payments-{number}", "payments", number, "running", 0) for number in range(20)]

    lines = drawn(replace(PICTURE, processes=crowd), journal_of(50))

    assert len(lines) < 24
    assert "… and 15 more" in "\n".join(lines)


def test_a_taller_terminal_shows_more_of_what_happened() -> None:
    assert len(drawn(PICTURE, journal_of(50), height=40)) > len(drawn(PICTURE, journal_of(50)))


def test_the_latest_notes_are_shown() -> None:
    assert "kill 50" in drawn(PICTURE, journal_of(50))[-1]


def test_counts_groups_latencies_and_processes_are_there() -> None:
    text = "\n".join(drawn(PICTURE, journal_of(0)))

    for words in (
        "1,234 499/s",
        "1,200 480/s",
        "orders→payments",
        "payments→notifications",
        "dead letters",
        "payments failed",
        "212",
        "killed",
        "01:12",
        "http://127.0.0.1:40001/orders",
    ):
        assert words in text


def test_it_tells_how_many_processes_there_are_how_many_are_wanted_and_why() -> None:
    (line,) = [line for line in drawn(PICTURE, journal_of(0), width=120) if "wanted" in line]

    assert "payments 3 of 4 wanted, 4 at most  DrainTime: 257 backlog, 36/s in" in line


def test_with_a_fixed_number_nothing_is_said_of_what_is_wanted() -> None:
    assert not [line for line in drawn(replace(PICTURE, scale=None), journal_of(0)) if "wanted" in line]


def test_a_plain_line_tells_how_many_payments_processes_there_are() -> None:
    assert ", payments processes 3, " in plain_line(PICTURE)
    assert "processes" not in plain_line(replace(PICTURE, scale=None))


def test_a_backlog_that_the_server_cannot_tell_is_a_question_mark_not_a_zero() -> None:
    (line,) = [line for line in drawn(PICTURE, journal_of(0)) if "payments→notifications" in line]

    assert "?" in line


def test_a_plain_line_names_the_groups_that_have_a_backlog() -> None:
    assert plain_line(PICTURE).endswith("backlog: orders→payments 46, payments→notifications ?")
    assert plain_line(replace(PICTURE, groups=[])).endswith("backlog: none")


def test_a_consumer_belongs_to_the_process_in_its_name() -> None:
    consumer = ConsumerState("my-host-12345-9f3a", pending=1)

    assert consumer.belongs_to(12345)
    assert not consumer.belongs_to(345)
    assert not ConsumerState("~released", pending=1).belongs_to(12345)
