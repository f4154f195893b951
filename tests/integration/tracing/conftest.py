"""Fixtures that only the tests of spans need."""

from tests.support.otlp_receiver import receiver

__all__ = ["receiver"]
