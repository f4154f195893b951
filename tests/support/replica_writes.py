"""Each write of a Deployment's replicas, as another client of the API server sees it through a watch."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

from tests.support.api_requests import ApiRequests
from tests.support.api_server import ApiServer

__all__ = ["ReplicaWrites", "Write", "raised"]


@dataclass(frozen=True, slots=True)
class Write:
    """Replicas that were asked for.

    Args:
        at: When the watch told, in seconds of the monotonic clock.
        replicas: So many.
    """

    at: float
    replicas: int


class ReplicaWrites:
    """Collects them while it is open.

    Args:
        api: The API server.
        namespace: Where the Deployment is.
        name: Its name.

    Attributes:
        writes: The replicas there were at first, and each change since.
    """

    def __init__(self, api: ApiServer, namespace: str, name: str) -> None:
        self.writes: list[Write] = []
        self._ask = ApiRequests(api)
        self._path = f"/apis/apps/v1/namespaces/{namespace}/deployments?watch=1&fieldSelector=metadata.name%3D{name}"
        self._known = threading.Event()
        self._stream: Any = None
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._reader.start()
        if not self._known.wait(60):
            raise TimeoutError("the watch on a Deployment does not tell its first state")
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._stream.close()
        self._reader.join()

    def _read(self) -> None:
        with self._ask.watch(self._path) as stream, suppress(OSError, ValueError):
            self._stream = stream
            for event in stream:
                replicas = int(event["object"]["spec"]["replicas"])
                if not self.writes or self.writes[-1].replicas != replicas:
                    self.writes.append(Write(time.monotonic(), replicas))
                self._known.set()


def raised(writes: Sequence[Write]) -> list[int]:
    """Return the replicas of the writes that asked for more than there were."""
    return [after.replicas for before, after in pairwise(writes) if after.replicas > before.replicas]
