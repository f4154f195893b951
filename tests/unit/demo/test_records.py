"""A record is followed while others append to it."""

from __future__ import annotations

import json
from pathlib import Path

from shop_demo.records import RecordFollower
from shop_events.record import Record


def test_each_line_is_read_once(tmp_path: Path) -> None:
    record = Record(tmp_path)
    follower = RecordFollower(tmp_path)

    record.once("a", lambda: {"orderId": "1"})
    first = list(follower.read_new())
    record.once("b", lambda: {"orderId": "2"})
    record.once("a", lambda: {"orderId": "1"})
    second = list(follower.read_new())

    assert [line["orderId"] for line in first] == ["1"]
    assert [line["orderId"] for line in second] == ["2"]


def test_a_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "00.jsonl"
    follower = RecordFollower(tmp_path)
    line = json.dumps({"orderId": "1"}) + "\n"

    file.write_text(line[:5])
    while_half = list(follower.read_new())
    file.write_text(line)
    when_whole = list(follower.read_new())

    assert while_half == []
    assert when_whole == [{"orderId": "1"}]


def test_a_folder_that_is_not_there_yet_has_no_lines(tmp_path: Path) -> None:
    assert list(RecordFollower(tmp_path / "later").read_new()) == []


def test_lines_of_a_record_that_forgets_its_keys_are_all_read(tmp_path: Path) -> None:
    record = Record(tmp_path, deduplicate=False)

    for _ in range(2):
        record.once("a", lambda: {"orderId": "1"})

    assert len(list(RecordFollower(tmp_path).read_new())) == 2
