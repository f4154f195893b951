"""Pods whose consumers use redis-py alone, as processes of this machine that are made by the real controllers' choice.

A process is forked from one that has imported redis-py already: a pod's container has its image, and what Python takes to begin is
not what is measured.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext, ForkServerProcess

from tests.bench.operator.stage import NAMESPACE, Stage
from tests.support.controller_manager import running_controllers
from tests.support.node import Node
from tests.support.programs.raw_consumer import consume

__all__ = ["raw_pods"]


class _Forked:
    """A consumer as a process."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process

    @property
    def running(self) -> bool:
        return self._process.is_alive()

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


@contextmanager
def raw_pods(stage: Stage, stream: str, *, count: int, seconds: float) -> Iterator[Node]:
    """Run every pod of the bench as a consumer of one stream.

    Args:
        stage: Where.
        stream: Stream and group.
        count: Entries that it reads at once.
        seconds: What it takes for each.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.programs.raw_consumer"])

    def start(pod: str) -> _Forked:
        return _Forked(_process(context, stage.server.url, stream, count, seconds, pod))

    # the first of all starts the process that forks the others
    first = context.Process(target=int)
    first.start()
    first.join()
    with running_controllers(stage.api, stage.folder), Node(stage.api, NAMESPACE, start) as node:
        yield node


def _process(context: ForkServerContext, *arguments: str | float) -> ForkServerProcess:
    process = context.Process(target=consume, args=arguments, daemon=True)
    process.start()
    return process
