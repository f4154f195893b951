"""Fixtures that only the shop's tests need."""

from tests.support.mail import mailbox

__all__ = ["mailbox"]
