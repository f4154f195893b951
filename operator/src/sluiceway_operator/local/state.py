"""The state of each resource as a JSON file, for whoever wants to look: `explain`, a live picture, a person."""

import asyncio
import json
import os
from pathlib import Path

import structlog

from ..explain import account_document
from ..registry import Registry, Resource
from .told import ToldReports
from .workloads import ProcessWorkloads

__all__ = ["StateFolder"]

_EVERY_SECONDS = 0.1


class StateFolder:
    """Writes one file `<namespace>.<name>.json` for each resource whenever something of it changes.

    A file is replaced as a whole, so that a reader never sees half of one. Its content::

        {
          "object": the StreamConsumer with its status, as `kubectl get --output json` shows it,
          "events": [{"time", "type", "reason", "message"}, …], the latest last,
          "replicas": [{"name", "pid", "state", "restarts", "lastEnd"}, …]
        }

    Args:
        folder: Where; made if it does not exist. Files in it that are nobody's state are left alone.
        registry: The resources.
        reports: What was told of them.
        workloads: Their replicas.
    """

    def __init__(self, folder: Path, registry: Registry, reports: ToldReports, workloads: ProcessWorkloads) -> None:
        self._folder = folder
        self._registry = registry
        self._reports = reports
        self._workloads = workloads
        self._written: dict[str, str] = {}
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Write for ever what changes; the folder not being writable stops nothing else."""
        troubled = False
        while True:
            try:
                self.write()
                troubled = False
            except OSError as error:
                if not troubled:
                    self._log.warning("State cannot be written", folder=str(self._folder), error=str(error))
                troubled = True
            await asyncio.sleep(_EVERY_SECONDS)

    def write(self) -> None:
        """Write what has changed since the last time.

        Raises:
            OSError: The folder cannot be written to.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        now = {
            f"{resource.key.namespace}.{resource.key.name}.json": self._text(resource) for resource in self._registry
        }
        for name, text in now.items():
            if self._written.get(name) != text:
                fresh = self._folder / f".{name}.{os.getpid()}"
                fresh.write_text(text, encoding="utf-8")
                fresh.replace(self._folder / name)
        for name in self._written.keys() - now.keys():
            (self._folder / name).unlink(missing_ok=True)
        self._written = now

    def remove(self) -> None:
        """Remove what was written: who looks shall not take the past for the present."""
        for name in self._written:
            (self._folder / name).unlink(missing_ok=True)
        self._written = {}

    def _text(self, resource: Resource) -> str:
        replicas = [
            {
                "name": each.name,
                "pid": each.pid,
                "state": each.state,
                "restarts": each.restarts,
                "lastEnd": each.last_end,
            }
            for each in self._workloads.replicas_of(resource.spec.scale_target_ref.name)
        ]
        told = self._reports.of(resource)
        account = account_document(resource, told.status, told.notes)
        return json.dumps({**account, "replicas": replicas}, indent=2) + "\n"
