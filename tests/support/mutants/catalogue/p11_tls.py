"""Promise 11, broken over TLS."""

from tests.support.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_SILENT = "tests/integration/test_silent_servers.py"
_TLS = "tests/integration/test_tls.py"

MUTANTS = (
    Mutant(
        promise=11,
        name="connections-are-waited-for-without-end",
        file="connection/connector.py",
        old='"socket_connect_timeout": settings.connect_timeout_seconds',
        new='"socket_connect_timeout": 600',
        tests=(f"{_SILENT}::test_a_consumer_says_so_and_can_be_stopped",),
    ),
    Mutant(
        promise=11,
        name="host-names-are-not-checked",
        file="connection/tls.py",
        old='"ssl_check_hostname": settings.tls_check_host_name',
        new='"ssl_check_hostname": False',
        tests=(f"{_TLS}::test_what_is_wrong_and_what_to_do_is_told_in_bounded_time",),
    ),
    Mutant(
        promise=11,
        name="any-version-of-tls-will-do",
        file="connection/tls.py",
        old='"ssl_min_version": _VERSIONS[settings.tls_minimum_version]',
        new='"ssl_min_version": None',
        tests=(f"{_TLS}::test_what_is_wrong_and_what_to_do_is_told_in_bounded_time",),
    ),
    Mutant(
        promise=11,
        name="our-certificate-is-not-shown",
        file="connection/tls.py",
        old='"ssl_certfile": certificate',
        new='"ssl_certfile": None',
        tests=(f"{_TLS}::test_publisher_consumer_leases_and_command_line_work_over_tls",),
    ),
    Mutant(
        promise=11,
        name="tls-faults-say-nothing-to-do",
        file="connection/link.py",
        old="if (told := explained(error, encrypted=self._endpoint.encrypted)) is not error:",
        new="if (told := error) is not error:",
        tests=(f"{_TLS}::test_what_is_wrong_and_what_to_do_is_told_in_bounded_time",),
    ),
)
