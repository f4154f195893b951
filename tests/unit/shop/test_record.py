"""The append-only record behind the payment provider and the file of messages."""

from __future__ import annotations

import multiprocessing
import resource
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import repeat
from pathlib import Path

import pytest

from shop_events.record import Record, RecordFull


def test_a_key_has_the_outcome_of_its_first_call(tmp_path: Path) -> None:
    record = Record(tmp_path)

    first = record.once("event-1", lambda: {"outcome": "approved"})
    second = record.once("event-1", lambda: {"outcome": "declined"})

    assert first == second == {"key": "event-1", "outcome": "approved"}
    assert list(record) == [first]


def test_what_was_recorded_is_known_to_a_record_opened_later(tmp_path: Path) -> None:
    Record(tmp_path).once("event-1", lambda: {"outcome": "approved"})

    assert Record(tmp_path).once("event-1", lambda: {"outcome": "declined"})["outcome"] == "approved"


@pytest.mark.parametrize("key", ['"', "\\", "a\nb", 'x","outcome":"', "é", "", "k" * 5000])
def test_a_key_is_found_whatever_characters_it_has(tmp_path: Path, key: str) -> None:
    record = Record(tmp_path)
    record.once("x", lambda: {"n": 0})

    record.once(key, lambda: {"n": 1})

    assert record.once(key, lambda: {"n": 2})["n"] == 1


def test_a_key_that_only_begins_like_another_is_another_key(tmp_path: Path) -> None:
    # 300 keys over 256 files: several share a file
    record = Record(tmp_path)
    for number in range(300):
        record.once(f"{number}", partial(dict, n=number))

    assert [record.once(f"{number}", lambda: {"n": -1})["n"] for number in range(300)] == list(range(300))


def test_a_line_that_a_killed_writer_left_torn_does_not_count_and_does_not_harm_the_next(tmp_path: Path) -> None:
    record = Record(tmp_path)
    record.once("event-1", lambda: {"outcome": "approved"})
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-5])

    again = record.once("event-1", lambda: {"outcome": "declined"})

    assert again["outcome"] == "declined"
    assert list(record) == [again]


def test_a_reader_skips_a_line_that_is_being_written(tmp_path: Path) -> None:
    record = Record(tmp_path)
    record.once("event-1", lambda: {"outcome": "approved"})
    (file,) = tmp_path.iterdir()
    with file.open("ab") as writer:
        writer.write(b'{"key":"ev')

    assert [line["key"] for line in record] == ["event-1"]


def test_without_deduplication_every_call_leaves_a_line(tmp_path: Path) -> None:
    record = Record(tmp_path, deduplicate=False)

    record.once("event-1", lambda: {"n": 1})
    record.once("event-1", lambda: {"n": 2})

    assert [line["n"] for line in record] == [1, 2]


def test_processes_that_bring_the_same_keys_at_once_agree_on_one_line_each(tmp_path: Path) -> None:
    keys = [f"event-{number}" for number in range(50)]
    with processes(4) as pool:
        seen = list(pool.map(bring, repeat(tmp_path, 4), repeat(keys), range(4)))

    assert seen[0] == seen[1] == seen[2] == seen[3]
    assert sorted(line["key"] for line in Record(tmp_path)) == sorted(keys)


def processes(number: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(number, mp_context=multiprocessing.get_context("spawn"))


def bring(directory: Path, keys: list[str], worker: int) -> list[int]:
    record = Record(directory)
    return [record.once(key, lambda: {"worker": worker})["worker"] for key in keys]


def test_a_line_that_does_not_fit_on_the_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    with processes(1) as pool:
        refusal = pool.submit(overfill, tmp_path).result()

    assert "bytes fit" in refusal
    assert [line["n"] for line in Record(tmp_path)] == [1]


def overfill(directory: Path) -> str:
    """Write under a limit on file sizes, which the kernel applies as it applies a full disk: it takes only a part."""
    record = Record(directory)
    record.once("event-1", lambda: {"n": 1})
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    unbounded = Record(directory, deduplicate=False)
    try:
        unbounded.once("event-1", lambda: {"n": 2, "filling": "x" * 200})
    except RecordFull as error:
        return str(error)
    return "it fitted"
