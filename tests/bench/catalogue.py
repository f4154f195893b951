"""The contenders, in the order of the table."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.chain.contender import Chain
from tests.bench.contender import Contender, Program

__all__ = ["WITH_OUTPUT", "contenders"]

WITH_OUTPUT = "+output"
"""Ends the name of a variant that is shown inside the row of the same name."""


def contenders(faststream_python: Path) -> list[Contender]:
    """Return everything that can be measured.

    Args:
        faststream_python: Interpreter of the environment that FastStream is installed in.
    """
    return [
        Program(
            "raw_redis_py",
            "raw_redis_py",
            Path(sys.executable),
            events=100_000,
            arguments=("--count", "256"),
            outputs_per_event=0,
            configuration={"count": 256, "work": "XREADGROUP, json.loads, one XACK a batch; no outputs, no guarantees"},
        ),
        Program(
            "publish",
            "publish",
            Path(sys.executable),
            events=100_000,
            arguments=(),
            outputs_per_event=0,
            configuration={"work": "Publisher.publish_many of 512 typed events, 256 a round trip"},
        ),
        _consume("consume_ack_only", "ack_only", 256, "typed, acknowledged; no outputs, no markers", outputs=0),
        _consume("consume_full_50", "full", 50, "typed; acknowledgement, marker and one output in one commit"),
        _consume("consume_full_256", "full", 256, "typed; acknowledgement, marker and one output in one commit"),
        _consume("consume_one_by_one", "one_by_one", 256, "as consume_full_256, concurrency=1, each handler suspends"),
        _consume("consume_batch", "batch", 256, "as consume_full_256, batch=256"),
        _faststream("single", 10_000, "typed, acknowledged one by one; no outputs", faststream_python),
        _faststream("single", 5_000, "the same and one output an input", faststream_python, output=True),
        _faststream(
            "batch", 50_000, "typed, batch=True, one XACK a batch (all or nothing); no outputs", faststream_python
        ),
        _faststream("batch", 20_000, "the same and one output an input, pipelined", faststream_python, output=True),
        Chain("chain_http", orders=15_000),
        Chain("chain_direct", orders=40_000),
    ]


def _consume(name: str, variant: str, count: int, work: str, *, outputs: int = 1) -> Program:
    return Program(
        name,
        "consume",
        Path(sys.executable),
        events=100_000,
        arguments=("--variant", variant, "--count", str(count)),
        outputs_per_event=outputs,
        configuration={"count": count, "work": work},
    )


def _faststream(mode: str, events: int, work: str, python: Path, *, output: bool = False) -> Program:
    return Program(
        f"faststream_{mode}{WITH_OUTPUT if output else ''}",
        "faststream_consumer",
        python,
        events=events,
        arguments=("--mode", mode, "--count", "256", *(("--output",) if output else ())),
        outputs_per_event=int(output),
        configuration={"count": 256, "work": work},
    )
