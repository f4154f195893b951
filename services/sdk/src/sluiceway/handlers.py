"""Declared handlers: what a handler takes, returns and may do, checked when it is declared."""

from __future__ import annotations

import inspect
import math
import types
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .batch import Batch
from .errors import ConfigurationError
from .events import Event
from .options import Retry, RetryPolicy

__all__ = ["Handler", "KeyOf", "declare"]

Refusal = Callable[[str], ConfigurationError]
"""Makes the error for what is wrong with a handler."""

KeyOf = Literal["key"] | Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Handler:
    """A handler and how it is to be run.

    Args:
        name: What logs and errors call it.
        call: The coroutine function.
        events: The event classes it takes.
        takes_context: Whether it wants a `Context` beside the event.
        publishes: Stream for what it returns.
        concurrency: Most events handled at once.
        timeout_seconds: After that a run is cancelled and counts as a failed attempt.
        retry: Policy by exception class; the most specific class wins.
        order_by: None, "key" (the producer's key) or a function of the event: events of one key never overlap or
            overtake each other in this consumer.
        batch: Most events in one call; 0 for a handler of single events.
        batch_wait_seconds: Longest wait for a batch to fill.
        returns: The event classes that its annotation says it returns.
    """

    name: str
    call: Callable[..., Awaitable[Any]]
    events: tuple[type[Event], ...]
    takes_context: bool
    publishes: str | None = None
    concurrency: int = 16
    timeout_seconds: float = 60.0
    retry: Mapping[type[BaseException], Retry] = field(default_factory=lambda: {BaseException: Retry()})
    order_by: KeyOf | None = None
    batch: int = 0
    batch_wait_seconds: float = 0.01
    returns: tuple[type[Event], ...] = ()

    def retry_for(self, error: BaseException) -> Retry:
        """Return the policy for an error."""
        for kind in type(error).__mro__:
            if kind in self.retry:
                return self.retry[kind]
        return Retry()


def declare(
    call: Callable[..., Awaitable[Any]],
    events: tuple[type[Event], ...],
    *,
    publishes: str | None,
    concurrency: int,
    timeout_seconds: float,
    retry: RetryPolicy | None,
    order_by: KeyOf | None,
    batch: int,
    batch_wait_seconds: float,
) -> Handler:
    """Return a handler checked for everything that can be known before the first event.

    Raises:
        ConfigurationError: Names the handler, the option and what to do.
    """
    name = getattr(call, "__qualname__", repr(call))

    def refuse(what: str) -> ConfigurationError:
        return ConfigurationError(f"handler {name}: {what}")

    _check_events(events, refuse)
    _check_whole({"concurrency": (concurrency, 1), "batch": (batch, 0)}, refuse)
    _check_seconds({"timeout_seconds": (timeout_seconds, 0.01), "batch_wait_seconds": (batch_wait_seconds, 0)}, refuse)
    if publishes is not None and not (isinstance(publishes, str) and publishes and publishes.isprintable()):  # type: ignore[redundant-expr]
        raise refuse(f"publishes={publishes!r} must be the name of a stream")
    if order_by is not None and order_by != "key" and not callable(order_by):
        raise refuse(f'order_by={order_by!r} must be None, "key" or a function of the event')
    if batch and order_by is not None:
        raise refuse("batch=… and order_by=… do not go together: a batch has no single key")
    parameters = _check_call(call, events, batch, publishes, refuse)
    return Handler(
        name=name,
        call=call,
        events=events,
        takes_context=parameters == 2,
        publishes=publishes,
        concurrency=concurrency,
        timeout_seconds=timeout_seconds,
        retry=_policies(retry, refuse),
        order_by=order_by,
        batch=batch,
        batch_wait_seconds=batch_wait_seconds,
        returns=tuple(dict.fromkeys(_returned_events(_hints(call).get("return")))),
    )


def _check_events(events: tuple[type[Event], ...], refuse: Refusal) -> None:
    if not events:
        raise refuse("name at least one event class")
    for event in events:
        # Not everybody runs a type checker: what the signature promises is looked at as well.
        if not (isinstance(event, type) and issubclass(event, Event) and event.event_type):  # type: ignore[redundant-expr]
            raise refuse(f'{event!r} is no event class with a type: class …(Event, type="…")')
        if sum((event.event_type, event.event_version) == (each.event_type, each.event_version) for each in events) > 1:
            raise refuse(f"{event.event_type} version {event.event_version} is named twice")


def _check_whole(numbers: Mapping[str, tuple[int, int]], refuse: Refusal) -> None:
    for option, (value, lowest) in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < lowest:  # type: ignore[redundant-expr]
            raise refuse(f"{option}={value!r} must be a whole number of at least {lowest}")


def _check_seconds(numbers: Mapping[str, tuple[float, float]], refuse: Refusal) -> None:
    for option, (value, lowest) in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value < math.inf:  # type: ignore[redundant-expr]
            raise refuse(f"{option}={value!r} must be a number of at least {lowest}")


def _policies(retry: RetryPolicy | None, refuse: Refusal) -> Mapping[type[BaseException], Retry]:
    if retry is None or isinstance(retry, Retry):
        return {BaseException: retry or Retry()}
    if not isinstance(retry, Mapping):
        raise refuse(f"retry={retry!r} must be a Retry, or a mapping from exception class to Retry")
    for kind, policy in retry.items():
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):  # type: ignore[redundant-expr]
            raise refuse(f"retry={{{kind!r}: …}}: the key must be an exception class")
        if not isinstance(policy, Retry):
            raise refuse(f"retry={{{kind.__name__}: {policy!r}}}: the value must be a Retry")
    return {BaseException: Retry(), **retry}


def _check_call(
    call: Callable[..., Awaitable[Any]],
    events: tuple[type[Event], ...],
    batch: int,
    publishes: str | None,
    refuse: Refusal,
) -> int:
    """Check the coroutine function itself and return how many parameters it takes."""
    if not inspect.iscoroutinefunction(call):
        raise refuse("must be `async def`; move blocking work into asyncio.to_thread")
    parameters = list(inspect.signature(call).parameters.values())
    by_name = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
    # the event, and perhaps its context
    if not 1 <= len(parameters) <= 2 or any(parameter.kind in by_name for parameter in parameters):
        raise refuse("takes (event) or (event, context), or (batch) with batch=…")
    if batch and len(parameters) != 1:
        raise refuse("a batch handler takes the batch alone; each item has its context")
    hints = _hints(call)
    _check_first(hints.get(parameters[0].name), events, batch, refuse)
    if _returned_events(hints.get("return")) and publishes is None:
        raise refuse('returns events but has no stream for them: add publishes="…"')
    return len(parameters)


def _hints(call: Callable[..., Any]) -> dict[str, Any]:
    # Names under TYPE_CHECKING, or local to a function, cannot be resolved; then there is nothing to check.
    try:
        return typing.get_type_hints(call)
    except (NameError, TypeError):
        return {}


def _check_first(hint: Any, events: tuple[type[Event], ...], batch: int, refuse: Refusal) -> None:
    if hint is None:
        return
    is_batch = hint is Batch or typing.get_origin(hint) is Batch
    if is_batch and not batch:
        raise refuse("takes a Batch: say how many at most with batch=…")
    if batch and not is_batch and hint is not Any:
        raise refuse(f"batch={batch} needs a handler that takes Batch[{events[0].__name__}]")
    if is_batch:
        (hint,) = typing.get_args(hint) or (Event,)
    if hint is Any or isinstance(hint, typing.TypeVar):
        return
    accepted = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    for event in events:
        if not any(isinstance(kind, type) and issubclass(event, kind) for kind in accepted):
            taken = getattr(hint, "__name__", hint)
            raise refuse(f"is declared for {event.__name__} but its first parameter takes {taken}")


def _returned_events(hint: Any) -> list[type[Event]]:
    """Return the event classes in an annotation: alone, in a union, a list or a tuple."""
    if isinstance(hint, type) and typing.get_origin(hint) is None:
        return [hint] if issubclass(hint, Event) else []
    return [event for part in typing.get_args(hint) for event in _returned_events(part)]
