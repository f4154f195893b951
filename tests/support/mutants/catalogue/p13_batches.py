"""Promise 13, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/integration/guarantees/test_13_batches.py"

MUTANTS = (
    Mutant(
        promise=13,
        name="what-a-batch-says-of-an-item-is-ignored",
        file="engine/pool.py",
        old="batch.failure_of(item) or failure",
        new="failure",
        tests=(f"{_TESTS}::test_each_event_is_done_tried_again_or_rejected_as_the_handler_says",),
    ),
    Mutant(
        promise=13,
        name="an-exception-wipes-out-what-was-said",
        file="engine/pool.py",
        old="batch.failure_of(item) or failure",
        new="failure or batch.failure_of(item)",
        tests=(f"{_TESTS}::test_an_exception_fails_those_that_were_not_named",),
    ),
    Mutant(
        promise=13,
        name="the-good-ones-are-committed-one-by-one",
        file="engine/committer.py",
        old="len(batch) < self._most and",
        new="len(batch) < 1 and",
        tests=(f"{_TESTS}::test_the_good_ones_are_committed_together",),
    ),
    Mutant(
        promise=13,
        name="batches-do-not-wait",
        file="engine/pool.py",
        old="            if len(self._ready) < most and self.handler.batch_wait_seconds:\n",
        new="            if len(self._ready) < 0:\n",
        tests=(f"{_TESTS}::test_a_batch_waits_for_more_events_before_it_starts",),
    ),
    Mutant(
        promise=13,
        name="batches-grow-beyond-their-size",
        file="engine/pool.py",
        old="            while self._ready and len(taken) < most:\n",
        new="            while self._ready:\n",
        tests=(f"{_TESTS}::test_a_batch_is_never_larger_than_asked_for",),
    ),
    Mutant(
        promise=13,
        name="a-batch-never-runs-out-of-time",
        file="engine/pool.py",
        old="        run.deadline = began + self.handler.timeout_seconds\n",
        new="        run.deadline = began + 3600\n",
        tests=(
            "tests/unit/engine/test_pool.py::test_a_worker_survives_a_handler_that_turns_its_cancellation_into_an_error",
            f"{_TESTS}::test_a_batch_past_its_time_limit_is_cancelled_and_all_of_it_fails",
        ),
    ),
    Mutant(
        promise=13,
        name="what-a-batch-handler-returns-is-dropped",
        file="engine/pool.py",
        old="self._accept = refuse_result if handler.batch else publish_result",
        new="self._accept = (lambda *_: None) if handler.batch else publish_result",
        tests=(f"{_TESTS}::test_a_batch_handler_that_returns_something_is_told_how_to_publish",),
    ),
)
