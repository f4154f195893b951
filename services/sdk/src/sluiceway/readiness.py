"""Whether a service lives, and whether it may be sent work: its server was heard of lately and takes its commits."""

from __future__ import annotations

from .service import Service

__all__ = ["liveness", "readiness"]

TOLERATED_SECONDS = 30.0
"""An outage of the server shorter than this leaves a service ready: an unready busy pod is the first to be removed,
and its restart would not bring the server back."""


def liveness(service: Service) -> list[str]:
    """Return what only a new process can mend, a line a consumer; empty if the service lives.

    Args:
        service: A service that was started.
    """
    return [f"{each.keys.stream}: {each.broken}" for each in service.consumers if each.broken is not None]


def readiness(service: Service, tolerated_seconds: float = TOLERATED_SECONDS) -> list[str]:
    """Return what keeps a service from being ready, a line a consumer; empty if it is ready.

    Args:
        service: A service that was started.
        tolerated_seconds: Longest silence of the server, and longest time for which it refuses every commit.
    """
    problems = []
    for consumer in service.consumers:
        stream = consumer.keys.stream
        if consumer.failure is not None:
            problems.append(f"{stream}: {consumer.failure}")
        elif consumer.stopping:
            problems.append(f"{stream}: stopping")
        elif (silence := consumer.health.seconds_without_contact()) > tolerated_seconds:
            since = "yet" if silence == float("inf") else f"for {silence:.0f} s"
            problems.append(f"{stream}: no success on the server {since} ({consumer.health.fault or 'connecting'})")
        elif (refusing := consumer.health.seconds_of_refusals()) > tolerated_seconds:
            problems.append(f"{stream}: every commit refused for {refusing:.0f} s ({consumer.health.refusal})")
    return problems
