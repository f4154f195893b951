"""Promise 11, broken."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/integration/guarantees/test_11_reads_never_hang.py"

_PROBES = "tests/integration/web/test_probes.py"

MUTANTS = (
    Mutant(
        promise=11,
        name="a-broken-consumer-counts-as-alive",
        file="readiness.py",
        old="for each in service.consumers if each.broken is not None",
        new="for each in service.consumers if False",
        tests=(f"{_PROBES}::test_a_service_of_which_a_part_has_ended_asks_to_be_restarted",),
    ),
    Mutant(
        promise=11,
        name="refused-commits-leave-a-service-ready",
        file="engine/health.py",
        old="        self.refusal = why",
        new="        self.refusal = None",
        tests=(f"{_PROBES}::test_a_service_whose_every_commit_is_refused_is_unready_until_one_is_taken",),
    ),
    Mutant(
        promise=11,
        name="one-refusal-leaves-a-service-unready",
        file="engine/committer.py",
        old="            self._health.commit_taken()",
        new="            pass",
        tests=(f"{_PROBES}::test_a_service_whose_every_commit_is_refused_is_unready_until_one_is_taken",),
    ),
    Mutant(
        promise=11,
        name="sockets-wait-for-ever",
        file="connection/link.py",
        old="asyncio.timeout(self._timeout_seconds)",
        new="asyncio.timeout(None)",
        tests=(f"{_TESTS}::test_a_peer_that_falls_silent_is_left_and_the_consumer_goes_on_when_it_is_back",),
    ),
    Mutant(
        promise=11,
        name="read-blocks-as-long-as-its-socket-waits",
        file="connection/endpoint.py",
        old="min(1.0, self.settings.timeout_seconds / 2)",
        new="1.0",
        tests=(
            f"{_TESTS}::test_a_read_blocks_for_less_than_the_time_out_of_its_socket_whatever_that_is",
            f"{_TESTS}::test_an_idle_consumer_with_a_short_time_out_keeps_its_connections",
        ),
    ),
    Mutant(
        promise=11,
        name="all-come-back-at-once",
        file="engine/health.py",
        old="wait * (0.5 + random.random() / 2)",
        new="wait",
        tests=(f"{_TESTS}::test_consumers_that_lost_the_server_together_do_not_come_back_together",),
    ),
    Mutant(
        promise=11,
        name="password-is-read-once",
        file="connection/credentials.py",
        old="        password = self._path.read_text().strip()",
        new='        password = self._first = getattr(self, "_first", None) or self._path.read_text().strip()',
        tests=(f"{_TESTS}::test_a_rotated_password_is_read_again_and_consumer_publisher_and_leases_go_on",),
    ),
    Mutant(
        promise=11,
        name="closed-connection-is-used",
        file="connection/link.py",
        old="if connection is not None and connection.is_connected and await connection.can_read():",
        new="if False:",
        tests=(f"{_TESTS}::test_a_connection_closed_while_it_was_idle_costs_a_publisher_no_event",),
    ),
    Mutant(
        promise=11,
        name="full-consumer-notices-nothing",
        file="engine/recovery.py",
        old='await self._link.call("XPENDING", source.stream, source.group)',
        new="pass",
        tests=(f"{_TESTS}::test_readiness_bears_a_short_outage_tells_a_long_one_and_recovers",),
    ),
    Mutant(
        promise=11,
        name="short-outage-makes-unready",
        file="readiness.py",
        old="seconds_without_contact()) > tolerated_seconds:",
        new="seconds_without_contact()) > min(tolerated_seconds, 0):",
        tests=(f"{_TESTS}::test_readiness_bears_a_short_outage_tells_a_long_one_and_recovers",),
    ),
    Mutant(
        promise=11,
        name="long-outage-is-not-told",
        file="readiness.py",
        old="elif (silence := consumer.health.seconds_without_contact()) > tolerated_seconds:",
        new="elif (silence := consumer.health.seconds_without_contact()) > 3600:",
        tests=(f"{_TESTS}::test_readiness_bears_a_short_outage_tells_a_long_one_and_recovers",),
    ),
)
