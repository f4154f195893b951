"""Stands in for kubelets: as many consumers as a Deployment asks for, a quarter of a second after it asks.

Each is a thread with a connection of its own that reads ten entries and takes 20 ms for each, like a pod that waits for
somebody else. One that has to go finishes the ten that it has.
"""

from __future__ import annotations

import threading
import time
from typing import Self

import redis
from tests.bench.operator.watching import Watch

__all__ = ["Pods"]

_START_SECONDS = 0.25
_HANDLER_SECONDS = 0.02
_COUNT = 10


class Pods:
    """Consumers of one Deployment while this is open.

    Args:
        watch: Tells how many are asked for.
        url: Their server.
        name: Of their stream and group.
    """

    def __init__(self, watch: Watch, url: str, name: str) -> None:
        self._watch = watch
        self._url = url
        self._name = name
        self._running: list[threading.Event] = []
        self._threads: list[threading.Thread] = []
        self._ending = threading.Event()
        self._follower = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        self._follower.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._follower.join()
        for each in self._running:
            each.set()
        for thread in self._threads:
            thread.join()

    def _follow(self) -> None:
        while not self._ending.wait(0.02):
            wanted = self._watch.writes[-1].replicas
            while len(self._running) < wanted:
                stop = threading.Event()
                thread = threading.Thread(target=self._consume, args=(f"pod-{len(self._threads)}", stop), daemon=True)
                self._running.append(stop)
                self._threads.append(thread)
                thread.start()
            while len(self._running) > wanted:
                self._running.pop().set()

    def _consume(self, consumer: str, stop: threading.Event) -> None:
        if stop.wait(_START_SECONDS):
            return
        with redis.Redis.from_url(self._url) as client:
            while not stop.is_set():
                reply = client.xreadgroup(self._name, consumer, {self._name: ">"}, count=_COUNT, block=500)
                for _, entries in reply or ():
                    for entry_id, _ in entries:
                        time.sleep(_HANDLER_SECONDS)
                        client.xack(self._name, self._name, entry_id)
