"""Promise 6, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/integration/guarantees/test_06_leases.py"

MUTANTS = (
    Mutant(
        promise=6,
        name="leases-are-renewed-too-late",
        file="engine/leases.py",
        old="lease.seconds / 3",
        new="lease.seconds * 3",
        tests=(
            f"{_TESTS}::test_a_handler_longer_than_the_lease_and_what_is_buffered_behind_it_stay_with_their_consumer",
        ),
    ),
    Mutant(
        promise=6,
        name="only-running-entries-are-renewed",
        file="engine/leases.py",
        old="if run is None or now <= run.deadline:",
        new="if run is not None and now <= run.deadline:",
        tests=(
            f"{_TESTS}::test_a_handler_longer_than_the_lease_and_what_is_buffered_behind_it_stay_with_their_consumer",
        ),
    ),
    Mutant(
        promise=6,
        name="waiting-entries-are-not-renewed",
        file="engine/leases.py",
        old="ids = list(source.waiting)",
        new="ids: list[bytes] = []",
        tests=(f"{_TESTS}::test_a_retry_that_waits_longer_than_the_lease_stays_with_its_consumer",),
    ),
    Mutant(
        promise=6,
        name="renewals-wait-for-the-event-loop",
        file="engine/leases.py",
        old="        self._thread.start()\n",
        new=(
            "        import asyncio\n"
            "        loop, renew = asyncio.get_running_loop(), self._renew\n"
            "        turn = lambda: asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()\n"
            "        self._renew = lambda *given: (turn(), renew(*given))[1]\n"
            "        self._thread.start()\n"
        ),
        tests=(f"{_TESTS}::test_a_busy_event_loop_does_not_cost_the_leases_of_its_neighbours",),
    ),
    Mutant(
        promise=6,
        name="stuck-handlers-are-renewed-for-ever",
        file="engine/leases.py",
        old="if run is None or now <= run.deadline:",
        new="if True:",
        tests=(f"{_TESTS}::test_a_handler_that_blocks_past_its_time_limit_is_taken_over_and_its_neighbours_are_not",),
    ),
    Mutant(
        promise=6,
        name="renewals-steal-entries-back",
        file="scripts/renew.lua",
        old="if #mine == 0 then",
        new="if false then",
        tests=(
            f"{_TESTS}::test_a_renewal_leaves_an_entry_to_its_new_owner",
            f"{_TESTS}::test_a_consumer_paused_beyond_its_lease_leaves_its_entries_to_the_new_owner",
        ),
    ),
    Mutant(
        promise=6,
        name="renewals-drop-trimmed-entries",
        file="scripts/renew.lua",
        old="elseif #redis.call('XRANGE', KEYS[1], id, id) == 1 then",
        new="else",
        tests=(f"{_TESTS}::test_a_renewal_keeps_the_pending_reference_of_a_trimmed_entry",),
    ),
    Mutant(
        promise=6,
        name="handlers-of-lost-entries-go-on",
        file="engine/consumer.py",
        old='delivery.run.cancel("lost")',
        new="pass",
        tests=(f"{_TESTS}::test_a_consumer_paused_beyond_its_lease_leaves_its_entries_to_the_new_owner",),
    ),
    Mutant(
        promise=6,
        name="recovery-begins-anew-at-every-look",
        file="engine/recovery.py",
        old="source.cursor = cursor",
        new='source.cursor = b"0-0"',
        tests=(f"{_TESTS}::test_an_expired_entry_behind_a_long_pending_list_is_found_in_bounded_steps",),
    ),
    Mutant(
        promise=6,
        name="recovery-takes-what-it-holds",
        file="engine/recovery.py",
        old="if not self._holdings.owns(source, entry[0])",
        new="if True",
        tests=(f"{_TESTS}::test_recovery_does_not_start_again_what_its_own_consumer_holds",),
    ),
)
