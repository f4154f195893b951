"""Why a consumer has the size that it has: from its resource and what was told of it, in words. Pure."""

from .account import Account, Note, account_document, read_account
from .explanation import explain
from .wording import explanation_text

__all__ = ["Account", "Note", "account_document", "explain", "explanation_text", "read_account"]
