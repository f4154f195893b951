"""Which streams are streams of events."""

from sluiceway.cli.streams import GroupInfo, StreamInfo, derived_keys, name_of, without_derived


def stream(name: str, *groups: str) -> StreamInfo:
    return StreamInfo(name, 1, 1, "1-0", tuple(GroupInfo(group, 0, "0-0", 0) for group in groups))


def test_dead_letters_and_replays_are_left_out_where_their_group_is_there() -> None:
    infos = [
        stream("orders", "payments"),
        stream("{orders}.payments.dead"),
        stream("{orders}.payments.replay", "payments"),
        stream("audit"),
    ]

    assert [info.name for info in without_derived(infos)] == ["orders", "audit"]


def test_dead_letters_of_a_group_that_is_gone_stay_visible() -> None:
    infos = [stream("orders", "payments"), stream("{orders}.billing.dead")]

    assert [info.name for info in without_derived(infos)] == ["orders", "{orders}.billing.dead"]


def test_a_group_that_the_sdk_cannot_have_made_has_no_derived_keys() -> None:
    assert derived_keys("orders", "~released") is None
    assert derived_keys("orders", "") is None


def test_a_name_that_is_no_utf8_survives_the_way_back() -> None:
    assert name_of(b"\xff\xfe").encode("utf-8", "surrogateescape") == b"\xff\xfe"
