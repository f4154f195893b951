"""The shop's services as processes that send their spans to a collector: what an operator sees of one order."""

from __future__ import annotations

import aiohttp
import pytest
from tests.support.consuming import one_server
from tests.support.eventually import eventually
from tests.support.otlp_receiver import ReceivedSpan, Receiver
from tests.support.processes import Program, Programs
from tests.support.shop import ORDER

from sluiceway.embedded import EmbeddedServer
from sluiceway.embedded.ports import free_port

pytestmark = one_server

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
NOT_YET = (aiohttp.ClientError, OSError)


ALL = ("orders", "payments", "notifications")


class Shop:
    """Services of the shop.

    Args:
        programs: Starts them.
        url: Their server.
        environment: For all of them.
        services: Which ones.
    """

    def __init__(
        self, programs: Programs, url: str, environment: dict[str, str], services: tuple[str, ...] = ("orders",)
    ) -> None:
        self.port = free_port()
        own = {
            "orders": {"PORT": str(self.port)},
            "payments": {"PORT": "0", "RECORD": "store", "DECLINE_RATE": "0"},
            "notifications": {"PORT": "0", "SINK": "console"},
        }
        self.services: dict[str, Program] = {}
        for name in services:
            settings = {f"{name.upper()}_{key}": value for key, value in {"REDIS_URL": url, **own[name]}.items()}
            self.services[name] = programs.start("-m", f"shop_{name}", env={**environment, **settings})

    async def order(self, traceparent: str) -> None:
        """Order once the service is there."""
        async with aiohttp.ClientSession(f"http://127.0.0.1:{self.port}") as customer:

            async def accepted() -> bool:
                async with customer.post("/orders", json=ORDER, headers={"traceparent": traceparent}) as response:
                    return response.status == 202

            await eventually(accepted, within_seconds=60, ignoring=NOT_YET, what="an accepted order")


async def test_an_order_is_one_trace_through_three_processes(
    server: EmbeddedServer, programs: Programs, receiver: Receiver
) -> None:
    shop = Shop(
        programs, server.url, {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "100"}, ALL
    )

    await shop.order(f"00-{TRACE}-{PARENT}-01")

    parent = PARENT
    for service, name in (
        ("orders", "publish orders"),
        ("payments", "process orders"),
        ("notifications", "process payments"),
    ):
        span = await sent_by(receiver, service, name)
        assert (span.trace_id, span.parent_id) == (TRACE, parent)
        parent = span.span_id


async def sent_by(receiver: Receiver, service: str, name: str) -> ReceivedSpan:
    """Wait for a service's only span of a name: each process sends its spans when it likes."""
    await eventually(lambda: receiver.sent_by(service, name), within_seconds=60, what=f"the span {name!r} of {service}")
    (span,) = receiver.sent_by(service, name)
    return span


async def test_spans_that_are_still_here_are_sent_before_a_service_ends(
    server: EmbeddedServer, programs: Programs, receiver: Receiver
) -> None:
    shop = Shop(
        programs,
        server.url,
        {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "3600000"},
    )
    await shop.order(f"00-{TRACE}-{PARENT}-01")

    shop.services["orders"].terminate()

    await shop.services["orders"].exits(0, within_seconds=60)
    assert [span.trace_id for span in receiver.named("publish orders")] == [TRACE]


async def test_a_name_that_the_environment_gives_comes_before_the_service_s_own(
    server: EmbeddedServer, programs: Programs, receiver: Receiver
) -> None:
    shop = Shop(
        programs,
        server.url,
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_SERVICE_NAME": "tea-shop",
        },
    )

    await shop.order(f"00-{TRACE}-{PARENT}-01")

    await eventually(lambda: receiver.named("publish orders"), within_seconds=60)
    assert {span.service for span in receiver.spans} == {"tea-shop"}


@pytest.mark.parametrize("refusal", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}], ids=str)
async def test_a_service_that_is_told_to_send_no_spans_sends_none(
    server: EmbeddedServer, programs: Programs, receiver: Receiver, refusal: dict[str, str]
) -> None:
    shop = Shop(programs, server.url, {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, **refusal})
    await shop.order(f"00-{TRACE}-{PARENT}-01")

    shop.services["orders"].terminate()

    await shop.services["orders"].exits(0, within_seconds=60)
    assert receiver.spans == []
