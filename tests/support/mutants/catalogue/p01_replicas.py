"""Promise 1, broken where replicas are asked for."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/integration/test_replicas.py"

MUTANTS = (
    Mutant(
        promise=1,
        name="too-few-replicas-will-do",
        file="connection/replicated.py",
        old="if reached < self._replicas:",
        new="if False:",
        tests=(f"{_TESTS}::test_without_the_replica_it_is_told_that_the_event_is_in_the_stream_only",),
    ),
    Mutant(
        promise=1,
        name="commits-wait-for-no-replica",
        file="engine/consumer.py",
        old="self._kept(writing_link(endpoint, keys.stream))",
        new="self._link()",
        tests=(f"{_TESTS}::test_a_commit_counts_once_the_replica_has_it_and_its_outputs_appear_once",),
    ),
)
