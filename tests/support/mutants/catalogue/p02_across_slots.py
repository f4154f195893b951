"""Promise 2 across the slots of a cluster, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/integration/topologies/test_cluster.py"

MUTANTS = (
    Mutant(
        promise=2,
        name="outputs-for-another-slot-are-dropped",
        file="engine/forwarder.py",
        old="await appender.append_all(entries)",
        new="pass",
        tests=(f"{_TESTS}::test_outputs_of_the_entry_s_own_slot_and_of_another_one_are_published_once_each",),
    ),
    Mutant(
        promise=2,
        name="outputs-are-published-again-with-the-commit",
        file="engine/forwarder.py",
        old="delivery.outputs = [each for each in delivery.outputs if each is not output]",
        new="pass",
        tests=(f"{_TESTS}::test_outputs_of_the_entry_s_own_slot_and_of_another_one_are_published_once_each",),
    ),
    Mutant(
        promise=2,
        name="a-second-run-publishes-other-event-ids",
        file="engine/delivery.py",
        old="output_id = derived_event_id(self.event_id, self.source.group, len(self.outputs))",
        new="output_id = f'{derived_event_id(self.event_id, self.source.group, len(self.outputs))}-{id(self)}-{time.time()}'",
        tests=(
            f"{_TESTS}::test_a_crash_between_publishing_outputs_and_the_acknowledgement_doubles_no_effect_downstream",
        ),
    ),
    Mutant(
        promise=2,
        name="a-stream-elsewhere-that-refuses-blocks-its-neighbours",
        file="engine/committer.py",
        old="return [delivery for delivery in batch if delivery not in refused]",
        new="return [] if refused else batch",
        tests=(f"{_TESTS}::test_an_output_stream_of_another_slot_that_refuses_holds_back_its_own_events_only",),
    ),
    Mutant(
        promise=2,
        name="full-node-refuses-outputs",
        file="scripts/forward.lua",
        old="#!lua flags=allow-oom\n",
        new="#!lua\n",
        tests=(f"{_TESTS}::test_a_full_node_takes_the_outputs_of_consumers_and_refuses_what_comes_from_outside",),
    ),
)
