"""Promise 12, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/integration/guarantees/test_12_no_head_of_line_blocking.py"

MUTANTS = (
    Mutant(
        promise=12,
        name="a-commit-waits-for-everything-in-hand",
        file="engine/committer.py",
        old="                await asyncio.sleep(0)\n",
        new=(
            "                while len(self._queue) < self._holdings.held:\n"
            "                    await asyncio.sleep(0.01)\n"
        ),
        tests=(f"{_TESTS}::test_one_slow_handler_delays_neither_the_others_acknowledgement_nor_reading",),
    ),
    Mutant(
        promise=12,
        name="a-read-waits-for-everything-in-hand",
        file="engine/reader.py",
        old="max(1, min(options.read_count, options.in_flight) // 4)",
        new="options.in_flight",
        tests=(f"{_TESTS}::test_one_slow_handler_delays_neither_the_others_acknowledgement_nor_reading",),
    ),
    Mutant(
        promise=12,
        name="entries-in-hand-are-unbounded",
        file="engine/holdings.py",
        old="room = max(0, self._in_flight - held)",
        new="room = self._in_flight",
        tests=(f"{_TESTS}::test_entries_in_hand_never_exceed_the_bound_whatever_the_backlog",),
    ),
    Mutant(
        promise=12,
        name="waiting-entries-are-unbounded",
        file="engine/holdings.py",
        old="return 0 if self.waiting >= self._waiting else self.room_to_start",
        new="return self.room_to_start",
        tests=(f"{_TESTS}::test_events_that_wait_for_a_retry_are_bounded_as_well",),
    ),
)
