"""Log lines below a request or a handler name the trace, if there is one."""

import pytest

from sluiceway.context import Flow, current_flow
from sluiceway.logs import _add_flow

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("traceparent", "told"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", {"trace_id": TRACE}),
        (f"00-{TRACE}-00f067aa0ba902b7-00", {"trace_id": TRACE}),
        ("", {}),
        ("from a foreign producer", {}),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", {}),
    ],
)
def test_a_line_names_the_trace_that_it_belongs_to(traceparent: str, told: dict[str, str]) -> None:
    token = current_flow.set(Flow(traceparent=traceparent))
    try:
        line = _add_flow(None, "info", {"event": "charged"})
    finally:
        current_flow.reset(token)

    assert line == {"event": "charged", **told}
