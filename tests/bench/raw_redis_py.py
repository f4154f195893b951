# ruff: noqa: T201 - what it prints is its output
"""What redis-py alone can do on one stream: the yardstick for the engine.

Run it with `python -m tests.bench.raw_redis_py`. Each variant drains a pre-filled stream with one consumer on one connection, in one
process, and promises nothing: no retries, no leases, no markers, no dead letters.

- ack:    XREADGROUP COUNT n, JSON parse of each payload, one XACK for the whole batch.
- effect: the same, and one XADD per input, all of them and the XACK in one pipeline (no transaction).
- fenced: the same in one script: XACK each id, XADD the output only if it returned 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import redis.asyncio
from tests.support.servers import SERVERS, name_of

from sluiceway.embedded import EmbeddedServer, ServerBinary

ORDER = {
    "orderId": "3f2c8c5e-9f5b-4c1d-8a55-0f7f3f0a8d21",
    "customerId": "customer-000123",
    "items": [{"productId": "product-0001", "quantity": 2}, {"productId": "product-0002", "quantity": 1}],
    "currency": "EUR",
    "total": "59.97",
}
PAYLOAD = json.dumps(ORDER, separators=(",", ":"))
PUBLISH_BATCH = 500

FENCED = """
local done = 0
for i = 3, #ARGV, 2 do
  if redis.call('XACK', KEYS[1], ARGV[1], ARGV[i]) == 1 then
    redis.call('XADD', KEYS[2], '*', 'type', ARGV[2], 'payload', ARGV[i + 1])
    done = done + 1
  end
end
return done
"""

Entry = tuple[bytes, dict[bytes, bytes]]
Settle = Callable[[list[Entry]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One variant on one server.

    Attributes:
        events_per_s: Over the whole drain.
        client_cpu_s: User and system time of this process.
        server_cpu_s: The same of the server.
    """

    server: str
    variant: str
    count: int
    events: int
    events_per_s: int
    wall_s: float
    client_cpu_s: float
    server_cpu_s: float


async def publish(client: redis.asyncio.Redis, events: int) -> None:
    """Fill the stream `orders`, and make the group that reads it from the start."""
    for first in range(0, events, PUBLISH_BATCH):
        async with client.pipeline(transaction=False) as pipeline:
            for number in range(first, min(first + PUBLISH_BATCH, events)):
                _ = pipeline.xadd("orders", {"id": f"event-{number:012}", "type": "ORDER_CREATED", "payload": PAYLOAD})
            await pipeline.execute()
    await client.xgroup_create("orders", "payments", id="0")


def variants(client: redis.asyncio.Redis) -> dict[str, Settle]:
    """How a batch that was read is settled, by name."""
    fenced_script = client.register_script(FENCED)

    async def ack(entries: list[Entry]) -> None:
        for _, fields in entries:
            json.loads(fields[b"payload"])
        await client.xack("orders", "payments", *(entry_id for entry_id, _ in entries))

    async def effect(entries: list[Entry]) -> None:
        async with client.pipeline(transaction=False) as pipeline:
            for _, fields in entries:
                _ = pipeline.xadd("payments", {"type": "PAYMENT_COMPLETED", "payload": payment_for(fields)})
            _ = pipeline.xack("orders", "payments", *(entry_id for entry_id, _ in entries))
            await pipeline.execute()

    async def fenced(entries: list[Entry]) -> None:
        arguments: list[Any] = ["payments", "PAYMENT_COMPLETED"]
        for entry_id, fields in entries:
            arguments += (entry_id, payment_for(fields))
        await fenced_script(keys=["orders", "payments"], args=arguments)

    return {"ack": ack, "effect": effect, "fenced": fenced}


def payment_for(fields: dict[bytes, bytes]) -> str:
    """Parse an order and write the payload of its payment."""
    order = json.loads(fields[b"payload"])
    return json.dumps({"orderId": order["orderId"], "amount": order["total"], "currency": order["currency"]})


async def drain(client: redis.asyncio.Redis, settle: Settle, count: int) -> int:
    """Read and settle until nothing is left.

    Args:
        client: Answers bytes.
        settle: What to do with a batch.
        count: Entries asked for at once.

    Returns:
        How many entries were settled.
    """
    settled = 0
    while reply := await client.execute_command(  # type: ignore[no-untyped-call]
        "XREADGROUP", "GROUP", "payments", "one", "COUNT", count, "STREAMS", "orders", ">"
    ):
        entries = entries_of(reply)
        await settle(entries)
        settled += len(entries)
    return settled


def entries_of(reply: Any) -> list[Entry]:
    """The entries of the only stream in a reply to XREADGROUP, which redis-py shapes by protocol version."""
    ((_, entries),) = reply.items() if isinstance(reply, dict) else reply
    # RESP3 wraps the list of entries in one more list
    return entries[0] if entries and isinstance(entries[0], list) else entries


async def measure(server: EmbeddedServer, variant: str, events: int, count: int) -> Measurement:
    """Fill an empty server and drain it once."""
    async with redis.asyncio.Redis.from_url(server.url) as client:
        await client.flushall()
        await publish(client, events)
        settle = variants(client)[variant]
        server_before = await server_cpu(client)
        cpu_before, began = time.process_time(), time.perf_counter()
        settled = await drain(client, settle, count)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu_before
        server_after = await server_cpu(client)
        await check(client, variant, events, settled)
    return Measurement(
        server=name_of(server.binary),
        variant=variant,
        count=count,
        events=events,
        events_per_s=round(events / wall),
        wall_s=round(wall, 2),
        client_cpu_s=round(cpu, 2),
        server_cpu_s=round(server_after - server_before, 2),
    )


async def server_cpu(client: redis.asyncio.Redis) -> float:
    """User and system time that the server has used, in seconds."""
    about = await client.info("cpu")
    return float(about["used_cpu_sys"]) + float(about["used_cpu_user"])


async def check(client: redis.asyncio.Redis, variant: str, events: int, settled: int) -> None:
    """A number is worth something only if the work was done."""
    pending = (await client.xpending("orders", "payments"))["pending"]
    outputs = await client.xlen("payments")
    expected = 0 if variant == "ack" else events
    if (settled, pending, outputs) != (events, 0, expected):
        raise RuntimeError(f"{variant}: settled {settled} of {events}, {pending} pending, {outputs} outputs")


async def run(binary: ServerBinary, names: list[str], events: int, counts: list[int]) -> list[Measurement]:
    """Measure on a fresh server with an append-only file, synced every second."""
    server = EmbeddedServer(binary=binary)
    with server:
        return [await measure(server, name, events, count) for count in counts for name in names]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.raw_redis_py", description="redis-py's own speed.")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--count", type=int, nargs="+", default=[50], help="entries asked for at once")
    parser.add_argument(
        "--variant", nargs="+", choices=["ack", "effect", "fenced"], default=["ack", "effect", "fenced"]
    )
    parser.add_argument("--json", type=Path, help="also write the measurements to this file")
    parser.add_argument("--uvloop", action="store_true", help="run on uvloop")
    options = parser.parse_args()
    runner = asyncio.Runner(loop_factory=_uvloop_factory() if options.uvloop else None)
    measurements: list[Measurement] = []
    print(f"payload {len(PAYLOAD)} bytes, {options.events} entries, redis-py {redis.__version__}")
    print(
        f"{'server':<12} {'variant':<8} {'count':>5} {'events/s':>9} {'wall s':>7} {'client CPU s':>13} {'server CPU s':>13}"
    )
    with runner:
        for binary in SERVERS:
            for row in runner.run(run(binary, options.variant, options.events, options.count)):
                measurements.append(row)
                print(
                    f"{row.server:<12} {row.variant:<8} {row.count:>5} {row.events_per_s:>9,} {row.wall_s:>7} "
                    f"{row.client_cpu_s:>13} {row.server_cpu_s:>13}"
                )
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in measurements], indent=2) + "\n")


def _uvloop_factory() -> Any:
    import uvloop  # noqa: PLC0415 - an extra

    return uvloop.new_event_loop


if __name__ == "__main__":
    main()
