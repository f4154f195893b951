"""Manifests as they stand in files: read with their line numbers, and held to the rules of the resource."""

from .advice import advise
from .checking import StreamConsumerManifest, check, is_stream_consumer
from .finding import Finding, Severity
from .source import Document, Unreadable, read_documents

__all__ = [
    "Document",
    "Finding",
    "Severity",
    "StreamConsumerManifest",
    "Unreadable",
    "advise",
    "check",
    "is_stream_consumer",
    "read_documents",
]
