"""Dead letters as text and as JSON."""

import json

from sluiceway import DeadLetter
from sluiceway.cli.letter_report import letter_document, letter_report, list_document, list_report
from sluiceway.cli.table import plain

LETTER = DeadLetter(
    "5000-0",
    {
        "stream": "orders", "entryId": "1000-0", "group": "payments", "consumer": "pod-1", "reason": "exhausted", "starts": 5,
        "publishedTime": 1000, "firstTime": 2000, "lastTime": 4000, "errorType": "ValueError", "error": "a\n\x1b[31mb",
        "eventId": "e-1", "correlationId": "c-1", "traceparent": "",
    },
    ((b"type", b"ORDER_CREATED"), (b"payload", b"\xff\x00"), (b"note", "Gr\u00fc\u00dfe".encode())),
)  # fmt: skip


def test_a_list_shows_age_type_reason_starts_and_error_in_one_line_each() -> None:
    _, row = plain(list_report([LETTER], total=1, now=65_000)).splitlines()

    assert " ".join(row.split()) == "5000-0 1m 00s ORDER_CREATED exhausted 5 ValueError: a \\x1b[31mb"


def test_a_list_tells_how_many_it_does_not_show() -> None:
    assert "2 more" in plain(list_report([LETTER], total=3, now=65_000))
    assert plain(list_report([], total=0, now=0)) == "no dead letters\n"


def test_bytes_that_are_no_text_are_shown_as_bytes_and_encoded_in_json() -> None:
    assert r"b'\xff\x00'" in plain(letter_report(LETTER))
    fields = letter_document(LETTER)["fields"]
    assert fields[1] == {"name": {"text": "payload"}, "value": {"base64": "/wA="}}
    assert fields[2]["value"] == {"text": "Gr\u00fc\u00dfe"}


def test_times_are_shown_as_times() -> None:
    assert "4000 (1970-01-01T00:00:04.000Z)" in plain(letter_report(LETTER))


def test_the_documents_can_be_written_as_json() -> None:
    (listed,) = list_document([LETTER], total=1, now=65_000)["dead_letters"]

    assert (listed["correlation_id"], listed["entry_id"], listed["age_seconds"]) == ("c-1", "1000-0", 60)
    assert json.loads(json.dumps(letter_document(LETTER)))["provenance"]["error"] == "a\n\x1b[31mb"
