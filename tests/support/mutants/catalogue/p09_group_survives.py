"""Promise 9, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_GUARANTEES = "tests/integration/guarantees"
_TESTS = f"{_GUARANTEES}/test_09_group_survives.py"
_WATERMARK = f"{_GUARANTEES}/test_09_watermark.py"
_READ_AGAIN = "tests/integration/testing/test_read_again.py"

MUTANTS = (
    Mutant(
        promise=9,
        name="missing-group-is-not-repaired",
        file="engine/health.py",
        old="if group_is_missing(error) and self.repair is not None:",
        new="if False:",
        tests=(f"{_TESTS}::test_a_destroyed_group_costs_no_event_and_doubles_no_output",),
    ),
    Mutant(
        promise=9,
        name="watermark-is-what-was-delivered",
        file="scripts/commit.lua",
        old="if #first == 1 then\n  local milliseconds",
        new="if false then\n  local milliseconds",
        tests=(f"{_WATERMARK}::test_the_watermark_is_right_whatever_the_order_in_which_consumers_finish",),
    ),
    Mutant(
        promise=9,
        name="watermark-ahead-of-the-stream-is-believed",
        file="scripts/repair.lua",
        old="local outlived = low and last and after(low, last)",
        new="local outlived = false",
        tests=(f"{_WATERMARK}::test_a_stream_that_began_anew_below_the_watermark_skips_nothing",),
    ),
    Mutant(
        promise=9,
        name="watermark-of-an-earlier-stream-is-believed",
        file="scripts/repair.lua",
        old="if was_first and first ~= was_first then",
        new="if false then",
        tests=(f"{_WATERMARK}::test_a_stream_that_began_anew_below_the_watermark_skips_nothing",),
    ),
    Mutant(
        promise=9,
        name="a-clock-set-back-is-not-seen",
        file="scripts/repair.lua",
        old="outlived or whole or (first ~= '0-0' and after(was_first, first))",
        new="outlived or whole",
        tests=(f"{_WATERMARK}::test_a_stream_that_began_anew_below_the_watermark_skips_nothing",),
    ),
    Mutant(
        promise=9,
        name="a-trimmed-stream-counts-as-a-new-one",
        file="scripts/repair.lua",
        old="whole = fields['entries-added'] == fields['length']",
        new="whole = true",
        tests=(f"{_WATERMARK}::test_a_stream_of_which_something_was_removed_is_not_taken_for_a_new_one",),
    ),
    Mutant(
        promise=9,
        name="the-first-entry-is-not-recorded",
        file="scripts/commit.lua",
        old="if known_first and known_first ~= '0-0' then",
        new="if known_first then",
        tests=(f"{_WATERMARK}::test_a_group_that_was_never_idle_goes_on_from_its_watermark",),
    ),
    Mutant(
        promise=9,
        name="a-group-that-somebody-made-keeps-an-old-watermark",
        file="scripts/repair.lua",
        old="if outlived then redis.call('HSET', state, 'low', '0-0', 'first', first) end",
        new="",
        tests=(f"{_WATERMARK}::test_a_group_that_somebody_made_on_a_new_stream_goes_on_from_its_own_watermark",),
    ),
    Mutant(
        promise=9,
        name="watermark-outlives-its-stream",
        file="scripts/repair.lua",
        old="'created', '1', 'low', start, 'first', first",
        new="'created', '1'",
        tests=(
            f"{_WATERMARK}::test_the_watermark_of_an_earlier_stream_is_forgotten_even_if_the_new_one_outgrows_it",
            f"{_TESTS}::test_a_group_that_began_at_the_end_of_its_stream_does_not_resume_before_that",
        ),
    ),
    Mutant(
        promise=9,
        name="policy-of-the-sdk-wins",
        file="scripts/repair.lua",
        old="redis.call('HSETNX', state, 'policy'",
        new="redis.call('HSET', state, 'policy'",
        tests=(f"{_TESTS}::test_a_stored_policy_wins_over_the_option_of_the_sdk",),
    ),
    Mutant(
        promise=9,
        name="existing-group-is-set-back",
        file="scripts/repair.lua",
        old="if info[2] == group then exists = true end",
        new="if info[2] == group then redis.call('XGROUP', 'SETID', stream, group, '0') exists = true end",
        tests=(f"{_TESTS}::test_making_a_group_that_exists_changes_nothing_about_it",),
    ),
    Mutant(
        promise=9,
        name="flushed-group-begins-like-a-new-one",
        file="engine/groups.py",
        old="int(self._seen)",
        new="0",
        tests=(f"{_TESTS}::test_a_group_that_starts_at_the_end_loses_nothing_published_after_a_flush",),
    ),
    Mutant(
        promise=9,
        name="refused-repair-is-forgotten",
        file="engine/groups.py",
        old="next(filter(None, refusals), None)",
        new="refusals[-1]",
        tests=(f"{_TESTS}::test_policy_fail_stops_reading_and_says_so_until_somebody_makes_the_group",),
    ),
    Mutant(
        promise=9,
        name="entry-in-hand-is-taken-twice",
        file="engine/reader.py",
        old="and self._in_hand(source, entry_id, raw):",
        new="and False:",
        tests=(f"{_TESTS}::test_events_of_one_key_go_on_after_the_group_was_lost_under_the_first_of_them",),
    ),
    Mutant(
        promise=9,
        name="entry-read-again-is-left-to-its-lease",
        file="engine/committer.py",
        old='if status == "gone" and delivery.read_again:',
        new="if False:",
        tests=(f"{_READ_AGAIN}::test_what_is_read_again_before_its_commit_is_answered_is_committed_once_more",),
    ),
    Mutant(
        promise=9,
        name="repair-is-not-counted",
        file="engine/groups.py",
        old="self._stats.repaired += 1",
        new="pass",
        tests=(f"{_TESTS}::test_a_repair_is_a_warning_in_the_log_and_a_number_in_the_metrics",),
    ),
)
