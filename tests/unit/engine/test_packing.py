"""Many strings in one, and what a replay says of the entry it stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.engine.packing import pack, unpack
from sluiceway.engine.replayed import Replayed, read_replayed

PAIRS = st.lists(st.tuples(st.binary(), st.binary())).map(lambda pairs: [part for pair in pairs for part in pair])


@given(PAIRS)
def test_what_was_packed_comes_back_byte_for_byte(strings: list[bytes]) -> None:
    assert unpack(pack(strings)) == strings


@given(st.binary())
def test_other_bytes_are_told_apart_or_are_a_packing(packed: bytes) -> None:
    strings = unpack(packed)

    assert strings is None or unpack(pack(strings)) == strings


@pytest.mark.parametrize("packed", [b"7:no", b"x", b"1", b":a", b"-1:a1:b", b"1:a", b"1:a1:b1", b"9" * 30 + b":a"])
def test_what_pack_did_not_make_is_none(packed: bytes) -> None:
    assert unpack(packed) is None


@given(PAIRS.filter(bool))
def test_a_replay_gives_back_place_and_fields(fields: list[bytes]) -> None:
    head = [b"5-1", b"replayNonce", b"n"]

    assert read_replayed([b"replayOf", *head, *fields]) == Replayed(b"5-1", "n", fields)
    assert read_replayed([b"replayOfPacked", *head, b"fields", pack(fields)]) == Replayed(b"5-1", "n", fields)


@pytest.mark.parametrize(
    "raw",
    [
        [b"type", b"NOTE", b"payload", b"{}"],
        [b"replayOf", b"5-1", b"type", b"NOTE", b"payload", b"{}"],
        [b"replayOf", b"five", b"replayNonce", b"n", b"type", b"NOTE"],
        [b"replayOf", b"5-1", b"replayNonce", b"n"],
        [b"replayOfPacked", b"5-1", b"replayNonce", b"n", b"fields", b"7:no"],
        [b"other", b"5-1", b"replayNonce", b"n", b"type", b"NOTE"],
    ],
)
def test_what_no_replay_wrote_is_none(raw: list[bytes]) -> None:
    assert read_replayed(raw) is None
