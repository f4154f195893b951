"""Manifests as they stand in files: read with their line numbers, and held to the rules of the resource."""

from .checking import StreamConsumerManifest, check
from .finding import Finding, Severity
from .source import Document, Unreadable, read_documents

__all__ = [
    "Document",
    "Finding",
    "Severity",
    "StreamConsumerManifest",
    "Unreadable",
    "check",
    "read_documents",
]
