"""An order becomes a charge, the provider's answer an event."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from shop_events import OrderCreated, OrderItem, PaymentCompleted, PaymentFailed
from shop_payments.charging import Charging
from shop_payments.provider import Approved, Charge, Declined, Outcome, ProviderUnavailable
from sluiceway import Context

ORDER = OrderCreated(
    order_id="o1",
    customer_id="c1",
    items=(OrderItem(product_id="p1", quantity=2), OrderItem(product_id="p2", quantity=3)),
)


def context(event_id: str = "event-1") -> Context:
    return cast("Context", SimpleNamespace(event_id=event_id))


class ScriptedProvider:
    """Answers as told, and can be held up to see how many calls it has at once."""

    def __init__(self, answer: Outcome | Exception) -> None:
        self.answer = answer
        self.calls: list[Charge] = []
        self.at_once = 0
        self.most_at_once = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.called = asyncio.Event()

    async def charge(self, charge: Charge) -> Outcome:
        self.calls.append(charge)
        self.at_once += 1
        self.called.set()
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.may_answer.wait()
        self.at_once -= 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_the_charge_is_for_all_pieces_and_its_key_is_the_event_id() -> None:
    provider = ScriptedProvider(Approved("pay-1"))

    payment = await Charging(provider, unit_price_cents=250, max_calls=1).charge(ORDER, context("event-9"))

    assert provider.calls == [Charge(key="event-9", order_id="o1", customer_id="c1", amount_cents=1250)]
    assert payment == PaymentCompleted(order_id="o1", customer_id="c1", payment_id="pay-1", amount_cents=1250)


async def test_a_decline_becomes_an_event() -> None:
    provider = ScriptedProvider(Declined("card declined"))

    payment = await Charging(provider, unit_price_cents=250, max_calls=1).charge(ORDER, context())

    assert payment == PaymentFailed(order_id="o1", customer_id="c1", reason="card declined")


async def test_no_answer_is_no_decline() -> None:
    provider = ScriptedProvider(ProviderUnavailable("down"))

    with pytest.raises(ProviderUnavailable):
        await Charging(provider, unit_price_cents=250, max_calls=1).charge(ORDER, context())


async def test_no_more_calls_run_at_once_than_the_cap_allows() -> None:
    provider = ScriptedProvider(Approved("pay-1"))
    provider.may_answer.clear()
    charging = Charging(provider, unit_price_cents=250, max_calls=3)

    running = [asyncio.create_task(charging.charge(ORDER, context(f"event-{n}"))) for n in range(10)]
    await provider.called.wait()
    for _ in range(50):  # let every call begin that is going to
        await asyncio.sleep(0)
    provider.may_answer.set()
    await asyncio.gather(*running)

    assert len(provider.calls) == 10
    assert provider.most_at_once == 3
