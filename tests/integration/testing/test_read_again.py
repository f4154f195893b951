"""A group that is made anew at the wrong moment: after a commit that found nothing, before the answer to it."""

from collections.abc import Awaitable, Callable

from tests.support.eventually import eventually
from tests.support.till import Ordered, Paid, Till

from sluiceway.testing import Kit
from sluiceway.testing.tap import Call


async def test_what_is_read_again_before_its_commit_is_answered_is_committed_once_more(redis: str | None) -> None:
    till = Till()
    async with Kit(till.service(), redis=redis) as kit:
        control, (consumer,) = kit._control, kit._deployment.consumers

        async def remake(start: str) -> None:
            await control.call("orders", "XGROUP", "DESTROY", "orders", "till")
            await control.call("orders", "XGROUP", "CREATE", "orders", "till", start)

        async def lose_the_group(_: Call) -> Callable[[], Awaitable[None]]:
            # What was read is not pending any more, so the commit finds it gone…
            await remake("$")
            return read_again

        async def read_again() -> None:
            # …but before it hears of that, the reader gets the same entry.
            await remake("0")
            held = consumer.holdings.sources[0].held
            await eventually(lambda: any(delivery.read_again for delivery in held.values()))

        kit._tap.set_trap(lose_the_group, "commit")
        outcome = await kit.deliver(Ordered(order_id="A-1"))
        await kit.settle()

        assert outcome.status == "done"
        assert till.charged == ["A-1"]
        assert [each.order_id for each in (await kit.published("payments")).all(Paid)] == ["A-1"]
