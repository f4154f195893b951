"""Watches a Deployment as another client of the API server does: each write of its replicas, with the time of its arrival."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from tests.bench.contender import BenchError
from tests.bench.operator.stage import NAMESPACE, Stage, until

__all__ = ["Watch", "Write"]


@dataclass(frozen=True, slots=True)
class Write:
    """Replicas that were asked for.

    Args:
        at: When the watch told, in seconds of the monotonic clock.
        replicas: So many.
    """

    at: float
    replicas: int


class Watch:
    """Collects the writes of one Deployment's replicas while it is open.

    Args:
        stage: Where it is.
        name: Its name.
    """

    def __init__(self, stage: Stage, name: str) -> None:
        self.writes: list[Write] = []
        self._process = subprocess.Popen(
            [
                *(str(stage.api.kubectl), "--kubeconfig", str(stage.api.kubeconfig), "--namespace", NAMESPACE),
                *("get", "deployment", name, "--watch", "--output", "json"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        until(lambda: self.writes, "the watch tells the first state", 60)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        self._reader.join()

    def first(self, since: float, replicas: int | None = None) -> Write | None:
        """Return the first write after a time that asks for some replicas, or for so many."""
        for write in list(self.writes):
            if write.at > since and (write.replicas == replicas if replicas is not None else write.replicas):
                return write
        return None

    def wait(self, since: float, replicas: int | None = None, seconds: float = 60.0) -> Write:
        """Wait for `first`.

        Raises:
            BenchError: It never came.
        """
        until(lambda: self.first(since, replicas), f"{replicas or 'some'} replicas asked for", seconds, pause=0.001)
        found = self.first(since, replicas)
        if found is None:
            raise BenchError("a write that was seen is not there any more")
        return found

    def _read(self) -> None:
        decoder, text = json.JSONDecoder(), ""
        for line in self._process.stdout or ():
            text += line
            if line.rstrip("\n") != "}":
                continue
            manifest, _ = decoder.raw_decode(text)
            text = ""
            replicas = int(manifest["spec"]["replicas"])
            if not self.writes or self.writes[-1].replicas != replicas:
                self.writes.append(Write(time.monotonic(), replicas))
