"""The part of promise 1 that is about trimming, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/integration/test_trimming.py"

MUTANTS = (
    Mutant(
        promise=1,
        name="trimming-forgets-what-is-pending",
        file="scripts/trim.lua",
        old="#first == 1 and first[1][1] or fields['last-delivered-id']",
        new="fields['last-delivered-id']",
        tests=(f"{_TESTS}::test_a_stalled_group_loses_nothing_to_a_load_longer_than_the_cap",),
    ),
    Mutant(
        promise=1,
        name="trimming-asks-the-own-group-alone",
        file="scripts/trim.lua",
        old="if not floor or before(needed, floor) then",
        new="if fields['name'] == ARGV[3] then",
        tests=(
            f"{_TESTS}::test_a_stalled_group_loses_nothing_to_a_load_longer_than_the_cap",
            f"{_TESTS}::test_a_group_that_is_made_at_the_start_while_the_stream_is_trimmed_gets_all_that_was_there",
        ),
    ),
    Mutant(
        promise=1,
        name="trimming-goes-on-without-the-own-group",
        file="scripts/trim.lua",
        old="if not present[ARGV[index]] then return",
        new="if false then return",
        tests=(f"{_TESTS}::test_nothing_is_trimmed_while_the_own_group_is_missing_and_the_log_says_why",),
    ),
)
