"""How the blocks of a document are found, and when its output counts as shown."""

import pytest
from tests.support.snippets import blocks
from tests.support.snippets.console import Command, commands
from tests.support.snippets.shown import missing_lines, same_text

FENCE = "```"


def page(*lines: str) -> str:
    return "\n".join(line.replace("~", FENCE) for line in lines) + "\n"


def test_a_block_knows_its_language_its_place_and_the_comment_above_it() -> None:
    (block,) = blocks(page("# Title", "", "<!-- file: a/b.py -->", "~python", "x = 1", "~"))

    assert (block.language, block.text, block.line, block.file) == ("python", "x = 1\n", 5, "a/b.py")


def test_a_comment_that_is_not_right_above_a_block_says_nothing_about_it() -> None:
    (block,) = blocks(page("<!-- not run: because -->", "", "~python", "x = 1", "~"))

    assert block.not_run == ""


def test_a_reason_is_what_leaves_a_block_out() -> None:
    reasoned, bare = blocks(page("<!-- not run: no such host -->", "~sh", "~", "<!-- not run: -->", "~sh", "~"))

    assert (reasoned.not_run, bare.not_run) == ("no such host", "")


@pytest.mark.parametrize(
    "text", ["  ~python\nx\n  ~", "~python\nx", "~~~python\nx\n~~~"], ids=["indented", "open", "tildes"]
)
def test_a_block_that_would_not_be_found_is_an_error(text: str) -> None:
    text = text if "~~~" in text else text.replace("~", FENCE)

    with pytest.raises(ValueError, match="fence"):
        blocks(f"{text}\n")


def test_a_console_block_holds_commands_what_they_show_and_their_exit_codes() -> None:
    assert list(commands("$ true\n$ echo \\\n  a\na\n$ false\n[exit 1] no\n")) == [
        Command("true", "", 0),
        Command("echo \\\n  a", "a\n", 0),
        Command("false", " no\n", 1),
    ]


def test_a_console_block_without_a_prompt_is_an_error() -> None:
    with pytest.raises(ValueError, match="begins with"):
        list(commands("sluiceway groups\n"))


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb", "a  \nb\n", True),
        ("a", "a\nb", False),
        ("id …, done", "id 17-0, done", True),
        ("a\n…", "a\nb\nc", True),
        ("a.c", "abc", False),
    ],
)
def test_text_is_shown_word_for_word_except_for_dots(shown: str, printed: str, same: bool) -> None:  # noqa: FBT001
    assert same_text(shown, printed) is same


@pytest.mark.parametrize(
    ("shown", "printed", "missing"),
    [
        ("orders payments 3", "STREAM GROUP LAG\norders  payments  3  0s", []),
        ("orders 3 payments", "orders payments 3", ["orders 3 payments"]),
        ("orders … 3", "orders payments 3", []),
        ("orders 3", "orders\n3", ["orders 3"]),
        ("orders, 3", "orders 3;", []),
        ("\n \n", "", []),
        ("orders", "", ["orders"]),
    ],
)
def test_a_line_of_a_command_is_shown_by_its_words_in_their_order(shown: str, printed: str, missing: list[str]) -> None:
    assert missing_lines(shown, printed) == missing
