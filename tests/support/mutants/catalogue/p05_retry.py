"""Promise 5, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/integration/guarantees/test_05_retry.py"
_FAILURES = "tests/unit/engine/test_failures.py"
_OPTIONS = "tests/unit/sdk/test_options.py"

MUTANTS = (
    Mutant(
        promise=5,
        name="whoever-takes-over-a-retry-starts-it-at-once",
        file="engine/recovery.py",
        old="due_milliseconds / 1000",
        new="0 * due_milliseconds",
        tests=(f"{_TESTS}::test_a_waiting_event_survives_its_owner_and_is_not_started_before_it_is_due",),
    ),
    Mutant(
        promise=5,
        name="a-stop-forgets-the-attempts",
        file="scripts/release.lua",
        old="'RETRYCOUNT', count, 'JUSTID'",
        new="'RETRYCOUNT', 0, 'JUSTID'",
        tests=(f"{_TESTS}::test_attempts_are_counted_across_restarts",),
    ),
    Mutant(
        promise=5,
        name="waiting-retries-are-not-renewed",
        file="engine/leases.py",
        old="        ids = list(source.waiting)\n",
        new="        ids = []\n",
        tests=(f"{_TESTS}::test_a_waiting_event_stays_its_owner_s_while_that_one_lives",),
    ),
    Mutant(
        promise=5,
        name="waiting-retries-fill-the-bound",
        file="engine/holdings.py",
        old="        room = max(0, self._in_flight - held)\n",
        new="        room = max(0, self._in_flight - held - self.waiting)\n",
        tests=(f"{_TESTS}::test_many_waiting_events_do_not_count_against_the_bound_of_events_in_flight",),
    ),
    Mutant(
        promise=5,
        name="one-attempt-too-many",
        file="engine/failures.py",
        old="    if starts >= policy.attempts:\n",
        new="    if starts > policy.attempts:\n",
        tests=(_FAILURES, f"{_TESTS}::test_how_often_depends_on_the_class_of_the_exception"),
    ),
    Mutant(
        promise=5,
        name="waits-have-no-jitter",
        file="options.py",
        old="        return longest * (1 - self.jitter * ",
        new="        return longest * (1 - 0 * ",
        tests=(_OPTIONS,),
    ),
    Mutant(
        promise=5,
        name="waits-do-not-grow",
        file="options.py",
        old="self.multiplier ** (failures - 1)",
        new="self.multiplier ** 0",
        tests=(_OPTIONS, f"{_TESTS}::test_each_attempt_waits_for_its_time_and_the_last_one_may_succeed"),
    ),
    Mutant(
        promise=5,
        name="one-policy-for-all-exceptions",
        file="handlers.py",
        old="        for kind in type(error).__mro__:\n",
        new="        for kind in (BaseException,):\n",
        tests=(f"{_TESTS}::test_how_often_depends_on_the_class_of_the_exception",),
    ),
    Mutant(
        promise=5,
        name="a-wait-that-the-handler-chose-is-ignored",
        file="engine/failures.py",
        old="    if isinstance(error, RetryLater):\n        return TryAgain(error.seconds)\n",
        new="",
        tests=(_FAILURES, f"{_TESTS}::test_a_handler_may_say_how_long_to_wait_and_that_counts_as_an_attempt"),
    ),
    Mutant(
        promise=5,
        name="rejected-events-are-tried-again",
        file="engine/failures.py",
        old='    if isinstance(error, Reject):\n        return Bury("rejected")\n',
        new="",
        tests=(_FAILURES, f"{_TESTS}::test_a_rejected_event_is_not_tried_again"),
    ),
)
