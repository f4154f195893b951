"""What a handler returned: events for its stream, or a mistake to tell its author of."""

from __future__ import annotations

from ..errors import ConfigurationError
from ..events import Event
from ..handlers import Handler
from .delivery import Delivery

__all__ = ["publish_result", "refuse_result"]


def publish_result(handler: Handler, delivery: Delivery, result: object) -> None:
    """Add the events that a handler returned to its delivery's commit.

    Raises:
        ConfigurationError: The handler has no stream for them, or what it returned is none.
    """
    if handler.publishes is None:
        raise ConfigurationError(f'handler {handler.name} returned {type(result).__name__} but has no publishes="…"')
    outputs = result if isinstance(result, list | tuple) else (result,)
    for output in outputs:
        if not isinstance(output, Event):
            raise ConfigurationError(
                f"handler {handler.name} returned {type(output).__name__}: return an event, a list of events or None"
            )
        delivery.add_output(output, handler.publishes)


def refuse_result(handler: Handler, _: Delivery, result: object) -> None:
    """Say that a batch handler returns nothing.

    Raises:
        ConfigurationError: Always.
    """
    raise ConfigurationError(
        f"handler {handler.name} returned {type(result).__name__}: a batch handler returns None "
        f"and publishes through item.context.publish(…)"
    )
