"""One payment event an order may send a message; the rest is told who did."""

from __future__ import annotations

import asyncio

import pytest
import redis.asyncio
from tests.support.conditions import full
from tests.support.eventually import eventually

from shop_notifications.once import Claim, ClaimedElsewhere, OncePerOrder
from sluiceway.embedded import EmbeddedServer


@pytest.fixture
def once(client: redis.asyncio.Redis) -> OncePerOrder:
    return OncePerOrder(client, prefix="", hold_seconds=60, remember_seconds=3600)


async def test_the_first_event_of_an_order_sends(once: OncePerOrder) -> None:
    assert await once.claim("order-1", "event-1") is Claim.SEND


async def test_an_event_that_was_cut_off_while_sending_sends_again(once: OncePerOrder) -> None:
    await once.claim("order-1", "event-1")

    assert await once.claim("order-1", "event-1") is Claim.SEND


async def test_an_event_whose_message_is_out_does_not_send_again(once: OncePerOrder) -> None:
    await once.claim("order-1", "event-1")
    await once.conclude("order-1", "event-1")

    assert await once.claim("order-1", "event-1") is Claim.SENT_BY_THIS


async def test_a_second_event_of_an_order_whose_message_is_out_does_not_send(once: OncePerOrder) -> None:
    await once.claim("order-1", "event-1")
    await once.conclude("order-1", "event-1")

    assert await once.claim("order-1", "event-2") is Claim.SENT_BY_ANOTHER


async def test_a_second_event_waits_while_the_first_is_being_sent(once: OncePerOrder) -> None:
    await once.claim("order-1", "event-1")

    with pytest.raises(ClaimedElsewhere, match="event-1"):
        await once.claim("order-1", "event-2")


async def test_of_many_events_at_once_one_sends(once: OncePerOrder) -> None:
    claims = await asyncio.gather(
        *(once.claim("order-1", f"event-{number}") for number in range(20)), return_exceptions=True
    )

    assert [claim for claim in claims if not isinstance(claim, ClaimedElsewhere)] == [Claim.SEND]


async def test_orders_do_not_get_in_each_others_way(once: OncePerOrder) -> None:
    await once.claim("order-1", "event-1")

    assert await once.claim("order-2", "event-2") is Claim.SEND


async def test_a_claim_that_nobody_concludes_lapses(client: redis.asyncio.Redis) -> None:
    once = OncePerOrder(client, prefix="", hold_seconds=0.2, remember_seconds=3600)
    await once.claim("order-1", "event-1")

    claim = await eventually(lambda: once.claim("order-1", "event-2"), ignoring=(ClaimedElsewhere,))

    assert claim is Claim.SEND


async def test_a_full_server_still_takes_claims_so_that_it_can_drain(own_server: EmbeddedServer) -> None:
    async with redis.asyncio.Redis.from_url(own_server.url) as client:
        once = OncePerOrder(client, prefix="", hold_seconds=60, remember_seconds=3600)
        with full(own_server):
            assert await once.claim("order-1", "event-1") is Claim.SEND
            await once.conclude("order-1", "event-1")
