"""Resources from files: read, held to the resource's rules, and read again when a file changes."""

import asyncio
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from ..manifests import (
    Finding,
    Severity,
    StreamConsumerManifest,
    Unreadable,
    check,
    is_stream_consumer,
    read_documents,
)
from ..registry import Registry, Resource, ResourceKey

__all__ = ["ResourceFiles"]

_LOOK_SECONDS = 0.5
_NAMESPACE = "default"
"""Of a manifest that names none, as for kubectl."""

_Stamp = tuple[int, int, int] | None


class ResourceFiles:
    """Keeps a registry as some files ask for.

    Objects of other kinds are left alone. A file that became wrong, or cannot be read for a moment, changes nothing: what it
    last asked for stands, and what is wrong is logged. A resource that is no longer in a file is let go, which leaves its
    replicas as they are, as in a cluster.

    Args:
        paths: The files.
        registry: Is kept.
    """

    def __init__(self, paths: Sequence[Path], registry: Registry) -> None:
        self._registry = registry
        self._stamps: dict[Path, _Stamp] = dict.fromkeys(paths)
        self._of_file: dict[Path, dict[ResourceKey, StreamConsumerManifest]] = {path: {} for path in paths}
        self._log = structlog.get_logger()

    def load(self) -> list[Finding]:
        """Read what has changed since the last time.

        Returns:
            What is wrong with it, by file and line.
        """
        findings: list[Finding] = []
        for path, before in self._stamps.items():
            stamp = _stamp(path)
            if stamp == before and stamp is not None:
                continue
            self._stamps[path] = stamp
            read = _read(path)
            wrong = read.findings or list(self._said_elsewhere(path, read.manifests))
            findings += wrong
            if not wrong:
                self._take(path, read.manifests)
        return findings

    async def run(self) -> None:
        """Look for changes for ever."""
        wrong: list[Finding] = []
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            found = self.load()
            for each in found:
                # a file that is gone is looked for each time, and told of once
                if each not in wrong:
                    self._log.error("File is wrong; what it asked for before stands", finding=str(each))
            wrong = found

    def _take(self, path: Path, manifests: dict[ResourceKey, StreamConsumerManifest]) -> None:
        for key in self._of_file[path].keys() - manifests.keys():
            self._registry.remove(key)
            self._log.info("Resource is let go", resource=str(key))
        for key, manifest in manifests.items():
            known = self._registry.get(key)
            if known is None:
                self._registry.put(Resource(key, str(uuid.uuid4()), 1, manifest.spec, time.time()))
                self._log.info("Resource is looked after", resource=str(key), file=str(path))
            elif known.spec != manifest.spec:
                self._registry.put(replace(known, generation=known.generation + 1, spec=manifest.spec))
                self._log.info("Resource has changed", resource=str(key), generation=known.generation + 1)
        self._of_file[path] = manifests

    def _said_elsewhere(self, path: Path, manifests: dict[ResourceKey, StreamConsumerManifest]) -> Iterator[Finding]:
        for other, theirs in self._of_file.items():
            for key in manifests.keys() & theirs.keys() if other != path else ():
                document = manifests[key].document
                yield _finding(document.file, document.line(()), document.subject, f"{key} stands in {other} too")


@dataclass(frozen=True, slots=True)
class _Content:
    manifests: dict[ResourceKey, StreamConsumerManifest]
    findings: list[Finding]


def _read(path: Path) -> _Content:
    manifests: dict[ResourceKey, StreamConsumerManifest] = {}
    findings: list[Finding] = []
    try:
        documents = read_documents(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        return _Content({}, [_finding(str(path), 1, "file", f"cannot be read: {error.strerror or error}")])
    except UnicodeDecodeError:
        return _Content({}, [_finding(str(path), 1, "file", "is no UTF-8 text")])
    except Unreadable as error:
        return _Content({}, [_finding(str(path), error.line, "file", str(error))])
    for document in filter(is_stream_consumer, documents):
        checked = check(document)
        if not isinstance(checked, StreamConsumerManifest):
            findings += checked
            continue
        if not checked.name:
            findings.append(_finding(str(path), document.line(()), document.subject, "generateName makes no name here"))
            continue
        key = ResourceKey(checked.namespace or _NAMESPACE, checked.name)
        if key in manifests:
            findings.append(_finding(str(path), document.line(()), document.subject, f"{key} stands there twice"))
        manifests[key] = checked
    return _Content(manifests, findings)


def _finding(file: str, line: int, subject: str, message: str) -> Finding:
    return Finding(Severity.ERROR, file, line, subject, "", message)


def _stamp(path: Path) -> _Stamp:
    """Return what changes with a file; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
