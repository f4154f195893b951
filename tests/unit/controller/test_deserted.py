"""How long a group has had no consumer is known only from looks that follow each other."""

from sluiceway_operator.control.deserted import Deserted


def test_a_group_is_deserted_once_it_was_seen_so_for_long_enough() -> None:
    groups = Deserted()
    for now in range(0, 100, 5):
        groups.note(["reports"], now)

    assert groups.for_seconds(60, 95) == {"reports"}
    assert groups.for_seconds(100, 95) == set()


def test_somebody_who_came_in_between_begins_it_anew() -> None:
    groups = Deserted()
    for now in range(0, 100, 5):
        groups.note([] if now == 50 else ["reports"], now)

    assert groups.for_seconds(60, 95) == set()
    assert groups.for_seconds(40, 95) == {"reports"}


def test_a_long_time_without_a_look_begins_it_anew() -> None:
    groups = Deserted()
    groups.note(["reports"], 0)

    assert groups.for_seconds(100, 500) == set()
    groups.note(["reports"], 500)
    assert groups.for_seconds(100, 505) == set()
