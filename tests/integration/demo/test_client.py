"""The demo's client of the event store passes every cancellation on."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from redis.exceptions import ResponseError

from shop_demo.client import Client
from sluiceway.embedded import EmbeddedServer


@pytest.mark.parametrize("steps", range(30))
async def test_a_command_that_is_cancelled_at_any_step_of_the_loop_is_cancelled(
    server: EmbeddedServer, steps: int
) -> None:
    async def ping_and_fail() -> None:
        async with Client.from_url(server.url, socket_timeout=10, protocol=2) as client:
            for _ in range(100):
                await client.ping()
                with suppress(ResponseError):
                    await client.xinfo_groups("absent")

    task = asyncio.create_task(ping_and_fail())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
