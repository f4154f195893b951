"""Promise 3, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/integration/guarantees/test_03_idempotence.py"

MUTANTS = (
    Mutant(
        promise=3,
        name="settled-events-are-not-remembered",
        file="scripts/commit.lua",
        old="        fresh[#fresh + 1] = marker\n",
        new="",
        tests=(
            f"{_TESTS}::test_what_was_settled_before_a_restart_is_remembered",
            f"{_TESTS}::test_a_group_that_is_made_anew_from_the_start_repeats_nothing",
        ),
    ),
    Mutant(
        promise=3,
        name="one-batch-may-hold-an-event-twice",
        file="scripts/commit.lua",
        old="        seen[marker] = true\n",
        new="",
        tests=(f"{_TESTS}::test_two_entries_of_one_event_in_one_batch_take_effect_once",),
    ),
    Mutant(
        promise=3,
        name="known-duplicates-run-their-handler",
        file="engine/reader.py",
        old="        for position in known:",
        new="        for position in known[:0]:",
        tests=(f"{_TESTS}::test_a_second_entry_of_a_settled_event_skips_the_handler",),
    ),
    Mutant(
        promise=3,
        name="window-before-is-forgotten",
        file="scripts/known.lua",
        old="if here[index] == 1 or before[index] == 1 then",
        new="if here[index] == 1 then",
        tests=(f"{_TESTS}::test_an_event_of_the_window_before_is_still_known",),
    ),
    Mutant(
        promise=3,
        name="markers-stay-for-ever",
        file="scripts/commit.lua",
        old="redis.pcall('PEXPIREAT', current,",
        new="redis.pcall('PEXPIREAT', current .. 'x',",
        tests=(
            f"{_TESTS}::test_after_the_window_an_event_id_may_take_effect_again",
            f"{_TESTS}::test_a_marker_is_a_member_of_16_bytes_in_a_set_that_expires",
        ),
    ),
    Mutant(
        promise=3,
        name="markers-are-whole-event-ids",
        file="ids.py",
        old="            return packed\n",
        new="            return event_id.encode()\n",
        tests=(f"{_TESTS}::test_a_marker_is_a_member_of_16_bytes_in_a_set_that_expires",),
    ),
    Mutant(
        promise=3,
        name="replay-counts-as-duplicate",
        file="engine/delivery.py",
        old='marker(event_id, self.replayed.nonce if self.replayed else "")',
        new="marker(event_id)",
        tests=(f"{_TESTS}::test_a_replay_from_the_dead_letters_is_not_a_duplicate_and_takes_effect_once",),
    ),
    Mutant(
        promise=3,
        name="outputs-get-fresh-event-ids",
        file="ids.py",
        old='f"{event_id}/{group}/{index}"',
        new='f"{new_event_id()}/{group}/{index}"',
        tests=(f"{_TESTS}::test_an_output_that_a_handler_published_twice_over_has_one_event_id",),
    ),
)
