"""The official JSON schema of AsyncAPI 3.0, and what else a document has to be."""

from .validation import faults

__all__ = ["faults"]
