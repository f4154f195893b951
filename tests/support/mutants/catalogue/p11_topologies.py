"""Promise 11 behind sentinels and on a cluster, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_SENTINEL = "tests/integration/topologies/test_sentinel.py"
_DEMOTED = "tests/integration/topologies/test_demoted_server.py"
_REDIRECTIONS = "tests/integration/topologies/test_redirections.py"

MUTANTS = (
    Mutant(
        promise=11,
        name="sentinels-are-asked-once",
        file="connection/sentinel.py",
        old="host, port = await self._master()",
        new='host, port = self._first = getattr(self, "_first", None) or await self._master()',
        tests=(f"{_SENTINEL}::test_the_lease_of_a_handler_that_runs_through_a_failover_is_renewed_on_the_new_master",),
    ),
    Mutant(
        promise=11,
        name="one-sentinel-is-believed",
        file="connection/sentinel.py",
        old='if role != b"master":',
        new="if False:",
        tests=(f"{_SENTINEL}::test_a_server_that_a_sentinel_names_and_that_is_no_master_is_not_used",),
    ),
    Mutant(
        promise=11,
        name="a-dead-sentinel-ends-the-search",
        file="connection/sentinel.py",
        old="                continue\n",
        new="                raise\n",
        tests=(f"{_SENTINEL}::test_sentinels_that_are_dead_or_know_nothing_are_passed_over",),
    ),
    Mutant(
        promise=11,
        name="a-demoted-server-is-kept",
        file="connection/link.py",
        old="_NOT_A_MASTER = (ReadOnlyError, ",
        new="_NOT_A_MASTER = (",
        tests=(f"{_DEMOTED}::test_a_master_that_became_a_replica_is_left_for_the_one_that_its_name_stands_for_now",),
    ),
    Mutant(
        promise=11,
        name="a-master-without-replicas-is-kept",
        file="connection/link.py",
        old='startswith("NOREPLICAS")',
        new='startswith("NOTHING")',
        tests=(f"{_DEMOTED}::test_a_master_without_the_replicas_it_wants_is_left_too",),
    ),
    Mutant(
        promise=11,
        name="a-master-that-nobody-follows-is-kept",
        file="connection/replicated.py",
        old="            await self.close()\n            raise ReplicasMissing",
        new="            raise ReplicasMissing",
        tests=(f"{_DEMOTED}::test_a_master_that_no_replica_follows_any_more_is_left_by_who_waits_for_replicas",),
    ),
    Mutant(
        promise=11,
        name="moved-slots-are-not-followed",
        file="connection/link.py",
        old="        if isinstance(told, MovedError):\n",
        new="        if isinstance(told, MovedError):\n            raise told\n        if False:\n",
        tests=(f"{_REDIRECTIONS}::test_a_slot_that_has_moved_is_used_where_it_is_from_then_on",),
    ),
    Mutant(
        promise=11,
        name="asking-is-not-said",
        file="connection/link.py",
        old="await self._send(importer, ASKING)",
        new="pass",
        tests=(f"{_REDIRECTIONS}::test_a_key_that_has_moved_ahead_of_its_slot_is_asked_for_where_it_went",),
    ),
    Mutant(
        promise=11,
        name="keys-at-both-ends-are-an-error",
        file="connection/link.py",
        old="_ELSEWHERE = (AskError, TryAgainError, ",
        new="_ELSEWHERE = (AskError, ",
        tests=(f"{_REDIRECTIONS}::test_a_command_about_keys_at_both_ends_waits_until_they_are_together",),
    ),
    Mutant(
        promise=11,
        name="a-slot-served-by-nobody-is-an-error",
        file="connection/link.py",
        old="TryAgainError, ClusterDownError)\n",
        new="TryAgainError)\n",
        tests=(f"{_REDIRECTIONS}::test_a_slot_that_nobody_serves_is_waited_for",),
    ),
    Mutant(
        promise=11,
        name="a-cluster-is-waited-for-without-end",
        file="connection/link.py",
        old="if time.monotonic() > deadline:",
        new="if False:",
        tests=(f"{_REDIRECTIONS}::test_waiting_for_a_cluster_ends_when_any_reply_would_be_late",),
    ),
    Mutant(
        promise=11,
        name="only-the-nodes-of-the-url-are-asked",
        file="connection/cluster.py",
        old="self._known = slots.nodes",
        new="pass",
        tests=(f"{_REDIRECTIONS}::test_any_node_that_lives_is_enough_to_find_the_others",),
    ),
)
