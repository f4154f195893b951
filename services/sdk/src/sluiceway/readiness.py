"""Whether a service may be sent work: its consumers live and their server was heard of lately."""

from __future__ import annotations

from .service import Service

__all__ = ["readiness"]

TOLERATED_SECONDS = 30.0
"""An outage of the server shorter than this leaves a service ready: an unready busy pod is the first to be removed,
and its restart would not bring the server back."""


def readiness(service: Service, tolerated_seconds: float = TOLERATED_SECONDS) -> list[str]:
    """Return what keeps a service from being ready, a line a consumer; empty if it is ready.

    Args:
        service: A service that was started.
        tolerated_seconds: Longest silence of the server.
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
    return problems
