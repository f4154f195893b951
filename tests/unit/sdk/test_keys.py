"""Names of keys: readable, apart from each other, and in the slot of their stream."""

from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from redis.crc import key_slot

from sluiceway import ConfigurationError
from sluiceway.keys import GroupKeys, hash_tag, lost_key

STREAMS = st.one_of(st.text(min_size=1), st.text("ab{}", min_size=1)).filter(
    lambda name: not any(0xD800 <= ord(character) < 0xE000 for character in name)
)
NAMES = st.text("abc.-_:", min_size=1)


def all_of(keys: GroupKeys) -> tuple[str, ...]:
    return (keys.dead, keys.replay, keys.state, keys.retry, *keys.markers)


def test_the_names_say_what_they_are() -> None:
    keys = GroupKeys("orders", "payments")

    assert keys.dead == "{orders}.payments.dead"
    assert keys.replay == "{orders}.payments.replay"
    assert keys.state == "{orders}:sluiceway:payments"
    assert keys.retry == "{orders}:sluiceway:payments:retry"
    assert keys.markers == tuple(f"{{orders}}:sluiceway:payments:seen:{number}" for number in range(3))
    assert lost_key("orders") == "{orders}:sluiceway:lost"


def test_a_stream_that_has_a_hash_tag_keeps_it() -> None:
    assert hash_tag("shop.{orders}.eu") == "shop.{orders}.eu"
    assert GroupKeys("{shop}orders", "g").dead == "{shop}orders.g.dead"


@given(STREAMS, NAMES)
def test_every_key_is_in_the_slot_of_its_stream_or_the_stream_is_refused(stream: str, group: str) -> None:
    try:
        keys = GroupKeys(stream, group)
    except ConfigurationError:
        assert "}" in stream
        return

    assert {key_slot(key.encode()) for key in (*all_of(keys), lost_key(stream))} == {key_slot(stream.encode())}


@given(*[st.one_of(st.text("ab.", min_size=1), st.sampled_from(["a:retry", "a:replay", "a:seen:0", "lost"]))] * 4)
def test_groups_and_streams_do_not_share_keys(stream: str, group: str, other_stream: str, other_group: str) -> None:
    assume((stream, group) != (other_stream, other_group))

    try:
        keys, others = GroupKeys(stream, group), GroupKeys(other_stream, other_group)
    except ConfigurationError:
        return

    assert not {*all_of(keys), lost_key(stream)} & set(all_of(others))


def test_the_keys_of_one_group_are_all_different() -> None:
    keys = (*all_of(GroupKeys("orders", "payments")), "orders", lost_key("orders"))

    assert all(one != other for one, other in combinations(keys, 2))


@pytest.mark.parametrize(
    ("stream", "group", "told"),
    [
        ("", "payments", "stream='': a stream needs a name"),
        ("orders", "", "group='': a group needs a name"),
        ("orders", "~released", "group='~released': a group needs a name that does not begin with '~'"),
        ("orders", "lost", "group='lost': choose another name"),
        ("{orders}.new", "lost", "{orders}.new:sluiceway:lost is where something else is kept"),
        ("orders", "payments:retry", "group='payments:retry': choose another name"),
        ("orders", "payments:replay", "group='payments:replay': choose another name"),
        ("orders", "payments:seen:2", "group='payments:seen:2': choose another name"),
        ("or}ders", "payments", "stream='or}ders': a name with '}' needs a hash tag of its own"),
    ],
)
def test_a_name_that_cannot_work_is_refused_with_the_reason(stream: str, group: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        GroupKeys(stream, group)

    assert told in str(refusal.value)
