"""Promise 7, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/integration/guarantees/test_07_shutdown.py"

MUTANTS = (
    Mutant(
        promise=7,
        name="a-stop-reads-on",
        file="engine/consumer.py",
        old="        self._reader.stop()\n",
        new="",
        tests=(f"{_TESTS}::test_after_sigterm_it_reads_no_more_finishes_what_runs_and_hands_back_the_rest",),
    ),
    Mutant(
        promise=7,
        name="a-stop-lets-buffered-entries-start",
        file="engine/pool.py",
        old="        self._stopping = True\n        self._ready.clear()\n",
        new="",
        tests=(f"{_TESTS}::test_after_sigterm_it_reads_no_more_finishes_what_runs_and_hands_back_the_rest",),
    ),
    Mutant(
        promise=7,
        name="a-stop-gives-no-grace",
        file="engine/consumer.py",
        old="async with asyncio.timeout(grace_seconds):",
        new="async with asyncio.timeout(0):",
        tests=(f"{_TESTS}::test_after_sigterm_it_reads_no_more_finishes_what_runs_and_hands_back_the_rest",),
    ),
    Mutant(
        promise=7,
        name="a-stop-waits-for-ever",
        file="engine/consumer.py",
        old="async with asyncio.timeout(grace_seconds):",
        new="async with asyncio.timeout(None):",
        tests=(f"{_TESTS}::test_a_handler_that_outlives_the_grace_period_is_cancelled_and_its_entry_handed_back",),
    ),
    Mutant(
        promise=7,
        name="a-stop-hands-nothing-back",
        file="engine/consumer.py",
        old="await self._release(source, never_started[source])",
        new="pass",
        tests=(f"{_TESTS}::test_what_was_handed_back_is_taken_by_another_consumer_within_about_a_second",),
    ),
    Mutant(
        promise=7,
        name="deliveries-that-were-no-starts-count",
        file="scripts/release.lua",
        old="  if unstarted[id] and count > 0 then count = count - 1 end\n",
        new="",
        tests=(
            f"{_TESTS}::test_a_clean_stop_leaves_nothing_pending_under_its_name_and_the_name_is_gone",
            f"{_TESTS}::test_rolling_restarts_under_load_count_no_start_that_was_none",
        ),
    ),
    Mutant(
        promise=7,
        name="starts-that-a-stop-cancelled-do-not-count",
        file="engine/release.py",
        old="if delivery.stage is READY and delivery.count >= 1 and delivery.run is None",
        new="if delivery.count >= 1",
        tests=(f"{_TESTS}::test_a_clean_stop_leaves_nothing_pending_under_its_name_and_the_name_is_gone",),
    ),
    Mutant(
        promise=7,
        name="a-stop-leaves-its-name-behind",
        file="scripts/release.lua",
        old="  redis.call('XGROUP', 'DELCONSUMER', stream, group, consumer)\n",
        new="",
        tests=(f"{_TESTS}::test_a_clean_stop_leaves_nothing_pending_under_its_name_and_the_name_is_gone",),
    ),
    Mutant(
        promise=7,
        name="a-stop-forgets-the-start-under-way",
        file="engine/consumer.py",
        old="                await self._retries.wait_until_idle()\n",
        new="",
        tests=(f"{_TESTS}::test_a_start_that_is_under_way_at_the_stop_is_undone",),
    ),
    Mutant(
        promise=7,
        name="a-start-ignores-what-its-name-owns",
        file="engine/consumer.py",
        old="await self._release(source, [])",
        new="pass",
        tests=(f"{_TESTS}::test_a_start_under_a_name_that_owns_entries_hands_those_back_first",),
    ),
    Mutant(
        promise=7,
        name="a-stop-waits-for-a-server-that-is-away",
        file="engine/consumer.py",
        old="            async with asyncio.timeout(_LAST_SECONDS):\n                # The read",
        new="            async with asyncio.timeout(None):\n                # The read",
        tests=(f"{_TESTS}::test_a_stop_while_the_server_is_away_ends_in_bounded_time",),
    ),
    Mutant(
        promise=7,
        name="a-pod-does-not-find-its-entries-again",
        file="naming.py",
        old='if pod := known.get("POD_NAME"):',
        new='if pod := known.get("POD"):',
        tests=("tests/unit/sdk/test_naming.py::test_a_pod_name_that_is_given_goes_before_the_host_name",),
    ),
)
