"""Promise 1, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/integration/guarantees/test_01_nothing_accepted_is_lost.py"

MUTANTS = (
    Mutant(
        promise=1,
        name="read-counts-as-settled",
        file="engine/reader.py",
        old='            b"COUNT",\n',
        new='            b"NOACK",\n            b"COUNT",\n',
        tests=(f"{_TESTS}::test_a_consumer_may_be_killed_at_every_stage",),
    ),
    Mutant(
        promise=1,
        name="publish-returns-without-an-answer",
        file="publisher.py",
        old="entry_id = await self._appender.append(fields)",
        new='self._sent, entry_id = asyncio.ensure_future(self._appender.append(fields)), b"0-1"',
        tests=(f"{_TESTS}::test_publish_returns_only_after_the_server_said_that_it_has_the_event",),
    ),
    Mutant(
        promise=1,
        name="publishing-limits-the-length",
        file="scripts/publish.lua",
        old="'XADD', KEYS[1], '*'",
        new="'XADD', KEYS[1], 'MAXLEN', '~', '1000', '*'",
        tests=(f"{_TESTS}::test_publishing_sets_no_limit_to_the_length_of_a_stream",),
    ),
    Mutant(
        promise=1,
        name="unsafe-length-counts-settled-entries-as-lost",
        file="scripts/publish_capped.lua",
        old="if after(entry[1], fields['last-delivered-id'])",
        new="if true",
        tests=(f"{_TESTS}::test_unsafe_max_length_counts_exactly_the_unread_and_unsettled_entries_that_it_loses",),
    ),
)
