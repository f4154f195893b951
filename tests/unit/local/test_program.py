"""A program is given on the command line, and what cannot be started is refused with what to do."""

from __future__ import annotations

import pytest

from sluiceway_operator.local import Program, ProgramError, read_program


def test_a_program_is_a_name_and_a_command_quoted_as_for_a_shell() -> None:
    given = "payments=env PAYMENTS_PORT=0 'GREETING=good day' sh"

    assert read_program(given) == Program("payments", ("env", "PAYMENTS_PORT=0", "GREETING=good day", "sh"))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("sh", "has no name; write NAME=COMMAND"),
        ("=sh", "has no name"),
        ("payments=", "has no command"),
        ("payments=sh 'a", "No closing quotation"),
        ("payments=no-such-program -x", "there is no program 'no-such-program' on PATH"),
    ],
)
def test_what_cannot_be_started_is_refused(given: str, complaint: str) -> None:
    with pytest.raises(ProgramError, match=complaint):
        read_program(given)
