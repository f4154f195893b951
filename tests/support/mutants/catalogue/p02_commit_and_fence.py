"""Promise 2, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/integration/guarantees/test_02_commit_and_fence.py"
_REFUSED = f"{_TESTS}::test_a_refused_commit_holds_back_its_own_event_only_and_is_tried_again_without_its_handler"

MUTANTS = (
    Mutant(
        promise=2,
        name="ack-without-fence",
        file="scripts/commit.lua",
        old="redis.call('XACK', stream, group, id) == 1",
        new="redis.call('XACK', stream, group, id) >= 0",
        tests=(f"{_TESTS}::test_two_consumers_that_both_finished_the_handler_write_its_outputs_once",),
    ),
    Mutant(
        promise=2,
        name="refused-commit-loses-its-entry",
        file="scripts/commit.lua",
        old="        put_back(id, index)\n        answer(index, 'error', failure)",
        new="        answer(index, 'error', failure)",
        tests=(_REFUSED,),
    ),
    Mutant(
        promise=2,
        name="refused-commit-leaves-its-first-write",
        file="scripts/commit.lua",
        old="redis.pcall('XDEL', done[1], done[2])",
        new="local _ = done",
        tests=(_REFUSED,),
    ),
    Mutant(
        promise=2,
        name="refused-commit-blames-the-event",
        file="scripts/commit.lua",
        old="math.max((counts[index] or 1) - 1, 0)",
        new="counts[index] or 1",
        tests=(f"{_TESTS}::test_events_whose_commit_is_refused_are_not_blamed_for_processes_that_end_meanwhile",),
    ),
    Mutant(
        promise=2,
        name="forbidden-stream-blocks-its-neighbours",
        file="engine/committer.py",
        old="                return error\n            return reply",
        new="                raise\n            return reply",
        tests=(f"{_TESTS}::test_a_user_who_may_not_touch_one_output_stream_still_settles_what_goes_elsewhere",),
    ),
    Mutant(
        promise=2,
        name="missing-group-counts-as-done",
        file="engine/committer.py",
        old="            except NoPermissionError as error:\n",
        new='            except Exception as error:\n                if str(error).startswith("NOGROUP"):\n                    return []\n',
        tests=(f"{_TESTS}::test_a_commit_to_a_group_that_was_destroyed_does_not_count_as_done",),
    ),
    Mutant(
        promise=2,
        name="trimmed-counts-as-duplicate",
        file="scripts/commit.lua",
        old="answer(index, 'lost')",
        new="answer(index, 'duplicate')",
        tests=(
            f"{_TESTS}::test_an_entry_whose_pending_reference_went_with_its_body_is_lost_to_trimming_and_no_duplicate",
        ),
    ),
    Mutant(
        promise=2,
        name="full-server-refuses-commits",
        file="scripts/commit.lua",
        old="#!lua flags=allow-oom\n",
        new="#!lua\n",
        tests=(f"{_TESTS}::test_a_full_server_still_commits_dead_letters_and_releases",),
    ),
    Mutant(
        promise=2,
        name="full-server-refuses-releases",
        file="scripts/release.lua",
        old="#!lua flags=allow-oom\n",
        new="#!lua\n",
        tests=(f"{_TESTS}::test_a_full_server_still_commits_dead_letters_and_releases",),
    ),
    Mutant(
        promise=2,
        name="own-commit-counts-as-duplicate",
        file="engine/committer.py",
        old='status == "duplicate" and not repeated',
        new='status == "duplicate"',
        tests=(f"{_TESTS}::test_a_commit_whose_reply_was_lost_is_sent_again_and_takes_effect_once",),
    ),
    Mutant(
        promise=2,
        name="names-without-hash-tag",
        file="keys.py",
        old='return f"{{{stream}}}"',
        new="return stream",
        tests=(f"{_TESTS}::test_every_derived_name_is_in_the_slot_of_its_stream",),
    ),
    Mutant(
        promise=2,
        name="forgotten-scripts-stay-forgotten",
        file="connection/link.py",
        old="except NoScriptError:",
        new="except ZeroDivisionError:",
        tests=(f"{_TESTS}::test_scripts_that_the_server_forgot_are_loaded_again",),
    ),
)
