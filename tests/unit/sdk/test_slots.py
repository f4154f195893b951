"""What a node says of its cluster: who serves which slot, and whom else to ask."""

import pytest

from sluiceway.connection.slots import SlotMap, slot_of

ASKED = ("10.0.0.1", 7000)


def slots(*ranges: tuple[int, int, list[tuple[bytes | None, int]]]) -> SlotMap:
    reply = [[first, last, *([host, port, b"id", []] for host, port in nodes)] for first, last, nodes in ranges]
    return SlotMap.read(reply, ASKED)


def test_a_stream_is_served_by_the_first_node_of_the_range_that_its_slot_is_in() -> None:
    known = slots((0, 8191, [(b"a", 1), (b"b", 2)]), (8192, 16383, [(b"c", 3)]))

    assert slot_of("orders") == 105
    assert slot_of("payments") == 8507
    assert known.master_of("orders") == ("a", 1)
    assert known.master_of("payments") == ("c", 3)


def test_a_slot_that_nobody_serves_has_no_master() -> None:
    assert slots((8192, 16383, [(b"c", 3)])).master_of("orders") is None


def test_keys_of_one_hash_tag_are_in_one_slot() -> None:
    assert slot_of("{shop}.orders") == slot_of("{shop}.payments") == slot_of("shop")


def test_names_that_are_no_utf8_have_a_slot_too() -> None:
    assert 0 <= slot_of(b"\xff".decode("utf-8", "surrogateescape")) < 16384


def test_masters_are_listed_once_and_nodes_with_their_replicas() -> None:
    known = slots((0, 1, [(b"a", 1), (b"b", 2)]), (2, 3, [(b"c", 3)]), (4, 5, [(b"a", 1), (b"b", 2)]))

    assert known.masters == (("a", 1), ("c", 3))
    assert known.nodes == (("a", 1), ("b", 2), ("c", 3))


@pytest.mark.parametrize("host", [b"", b"?", None])
def test_a_node_that_does_not_know_its_host_has_the_one_it_was_asked_at(host: bytes | None) -> None:
    assert slots((0, 16383, [(host, 7005)])).master_of("orders") == ("10.0.0.1", 7005)
