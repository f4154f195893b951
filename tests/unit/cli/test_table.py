"""Tables as plain text."""

from sluiceway.cli.table import Table, plain, printable


def test_columns_are_as_wide_as_their_widest_cell_and_numbers_stand_to_the_right() -> None:
    table = Table(("stream", ">lag"), (("orders", "7"), ("a", "12345")))

    assert plain([table]) == "STREAM    LAG\norders      7\na       12345\n"


def test_a_line_between_tables_stays_a_line() -> None:
    assert plain(["one", "", "two"]) == "one\n\ntwo\n"


def test_what_could_move_the_cursor_or_break_a_line_is_escaped() -> None:
    hostile = "a\x1b[2Jb\nc\udc80\u202e"

    assert printable(hostile) == "a\\x1b[2Jb\\nc\\udc80\\u202e"
    assert plain([Table(("name",), ((hostile,),))]).count("\n") == 2


def test_ordinary_text_of_any_language_is_left_alone() -> None:
    assert printable("Größe 大小 ✓") == "Größe 大小 ✓"
