"""Promise 8, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/integration/guarantees/test_08_order.py"
_LANES = "tests/unit/engine/test_dispatcher.py"

MUTANTS = (
    Mutant(
        promise=8,
        name="newest-first",
        file="engine/pool.py",
        old="delivery = ready.popleft()",
        new="delivery = ready.pop()",
        tests=(f"{_TESTS}::test_one_at_a_time_keeps_the_order_of_the_stream",),
    ),
    Mutant(
        promise=8,
        name="events-of-a-key-overlap",
        file="engine/dispatcher.py",
        old="return len(lane) == 1",
        new="return True",
        tests=(
            f"{_TESTS}::test_events_of_one_key_neither_overlap_nor_overtake_each_other",
            f"{_LANES}::test_only_the_first_of_each_key_may_start",
        ),
    ),
    Mutant(
        promise=8,
        name="a-lane-overtakes-its-failed-head",
        file="engine/retries.py",
        old="                self._park(source, delivery.entry_id, Waiting(began + wait, delivery))\n",
        new=(
            "                self._park(source, delivery.entry_id, Waiting(began + wait, delivery))\n"
            "                self._dispatcher.left(delivery)\n"
        ),
        tests=(f"{_TESTS}::test_the_lane_of_a_failed_event_waits_and_the_other_keys_go_on",),
    ),
    Mutant(
        promise=8,
        name="the-next-of-a-key-never-starts",
        file="engine/dispatcher.py",
        old="elif was_head:",
        new="elif False:",
        tests=(f"{_TESTS}::test_the_lane_goes_on_when_its_head_becomes_a_dead_letter",),
    ),
    Mutant(
        promise=8,
        name="followers-keep-their-failed-head-from-starting",
        file="engine/retries.py",
        old="if room == 0 and self._beyond is None",
        new="if False",
        tests=(f"{_TESTS}::test_a_failed_event_runs_again_although_its_followers_fill_the_memory",),
    ),
    Mutant(
        promise=8,
        name="an-order-by-that-raises-loses-the-event",
        file="engine/dispatcher.py",
        old="                    self._failed(delivery, error)\n",
        new="",
        tests=(f"{_TESTS}::test_an_order_by_function_that_raises_is_a_failure_of_that_event_alone",),
    ),
)
