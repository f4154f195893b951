"""The records of failed attempts, as the server's cmsgpack packs them (a test of `trace` reads real ones)."""

import struct

import pytest

from sluiceway.cli.retry_record import RetryRecord, read_record

DUE = 1_700_000_005_000


def packed(error: bytes, head: bytes) -> bytes:
    numbers = (
        b"\xcf" + struct.pack(">Q", DUE) + b"\xcb" + struct.pack(">d", DUE - 5000.0) + b"\xcf" + struct.pack(">Q", DUE)
    )
    return b"\x95" + numbers + b"\x03" + head + error


@pytest.mark.parametrize(
    ("error", "head"),
    [(b"x" * 5, b"\xa5"), (b"x" * 40, b"\xd9\x28"), (b"x" * 300, b"\xda\x01\x2c"), (b"x" * 7, b"\xdb\x00\x00\x00\x07")],
)
def test_a_record_is_read_whatever_the_length_of_its_error(error: bytes, head: bytes) -> None:
    assert read_record(packed(error, head)) == RetryRecord(DUE, DUE - 5000, DUE, 3, error.decode())


def test_small_and_negative_numbers_are_read() -> None:
    assert read_record(b"\x95\x01\xff\xcc\xc8\xd1\xff\x00\xa0") == RetryRecord(1, -1, 200, -256, "")


@pytest.mark.parametrize(
    "damaged", [b"", b"\x80", b"\x95", b"\x95\x01\x02", b"\x94\x01\x02\x03\x04", b"\x95\xc0\x01\x01\x01\xa0", b"text"]
)
def test_what_is_no_record_is_not_taken_for_one(damaged: bytes) -> None:
    assert read_record(damaged) is None
