"""Promise 10, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/integration/guarantees/test_10_back_pressure.py"

MUTANTS = (
    Mutant(
        promise=10,
        name="callers-wait-for-all-before-them",
        file="publisher.py",
        old="# Other calls may be waiting for the connection before this one.\n                async with asyncio.timeout(2 * self._appender.patience_seconds):",
        new="async with asyncio.timeout(None):",
        tests=(f"{_TESTS}::test_of_many_callers_in_an_outage_none_waits_for_the_others",),
    ),
    Mutant(
        promise=10,
        name="refusal-for-now-is-an-error-for-good",
        file="publisher.py",
        old="if is_temporary(error):",
        new="if isinstance(error, OSError | TimeoutError):",
        tests=(f"{_TESTS}::test_a_server_that_refuses_for_now_is_unavailable",),
    ),
    Mutant(
        promise=10,
        name="publishing-fills-a-full-server",
        file="scripts/publish.lua",
        old="#!lua\n",
        new="#!lua flags=allow-oom\n",
        tests=(f"{_TESTS}::test_a_server_that_refuses_for_now_is_unavailable",),
    ),
    Mutant(
        promise=10,
        name="full-server-cannot-be-trimmed",
        file="scripts/trim.lua",
        old="#!lua flags=allow-oom\n",
        new="#!lua\n",
        tests=(f"{_TESTS}::test_a_full_server_drains_and_takes_events_again",),
    ),
    Mutant(
        promise=10,
        name="in-flight-has-no-bound",
        file="engine/holdings.py",
        old="room = max(0, self._in_flight - held)",
        new="room = self._in_flight",
        tests=(f"{_TESTS}::test_entries_in_hand_are_bounded_whatever_the_backlog",),
    ),
    Mutant(
        promise=10,
        name="waiting-has-no-bound",
        file="engine/holdings.py",
        old="return 0 if self.waiting >= self._waiting else self.room_to_start",
        new="return self.room_to_start",
        tests=(f"{_TESTS}::test_entries_that_wait_for_a_retry_are_bounded",),
    ),
)
