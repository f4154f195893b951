"""Declaring a handler: what is refused, in which words, and what is taken."""

import functools
import math
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from sluiceway import Batch, ConfigurationError, Context, Event, Retry
from sluiceway.handlers import Handler, declare


class Created(Event, type="CREATED"):
    number: int


class CreatedAgain(Event, type="CREATED", version=2):
    number: int


class CreatedTwin(Event, type="CREATED"):
    number: int


class Paid(Event, type="PAID"):
    number: int


class Abstract(Event):
    number: int


async def handle(event: Created) -> None: ...


async def with_context(event: Created, context: Context) -> None: ...


async def nothing() -> None: ...


async def too_much(event: Created, context: Context, more: int) -> None: ...


async def by_name(event: Created, *, context: Context) -> None: ...


async def any_names(event: Created, **rest: Any) -> None: ...


async def pays(event: Created) -> Paid | None: ...


async def pays_several(_: Created) -> list[Paid]:
    return []


async def batch(batch: Batch[Created]) -> None: ...


async def batch_with_context(batch: Batch[Created], context: Context) -> None: ...


def blocking(event: Created) -> None: ...


E = TypeVar("E", bound=Event)


async def prepared(number: int, event: Created) -> None: ...


async def generic(event: E) -> E | None: ...


async def generic_batch(batch: Batch[E]) -> None: ...


async def bare_batch(batch: Batch) -> None: ...  # type: ignore[type-arg]


async def any_batch(batch: Batch[Any]) -> None: ...


async def untyped(event, context): ...  # type: ignore[no-untyped-def]  # noqa: ANN001


async def of_both(event: Created | Paid) -> None: ...


async def of_any_event(event: Event) -> None: ...


def declared(call: Any = handle, *events: Any, **options: Any) -> Handler:
    defaults: dict[str, Any] = {
        "publishes": None,
        "concurrency": 16,
        "timeout_seconds": 60.0,
        "retry": None,
        "order_by": None,
        "batch": 0,
        "batch_wait_seconds": 0.01,
    }
    return declare(call, events or (Created,), **{**defaults, **options})


@pytest.mark.parametrize(
    ("make", "handler", "told"),
    [
        (lambda: declared(blocking), "blocking", "must be `async def`"),
        (lambda: declared(5), "5", "must be `async def`"),
        (lambda: declare_without_events(handle), "handle", "name at least one event class"),
        (lambda: declared(handle, Abstract), "handle", "Abstract'> is no event class with a type"),
        (lambda: declared(handle, int), "handle", "<class 'int'> is no event class"),
        (lambda: declared(handle, "CREATED"), "handle", "'CREATED' is no event class"),
        (lambda: declared(handle, Created, Created), "handle", "CREATED version 1 is named twice"),
        (lambda: declared(of_any_event, Created, CreatedTwin), "of_any_event", "CREATED version 1 is named twice"),
        (lambda: declared(nothing), "nothing", "takes (event) or (event, context)"),
        (lambda: declared(too_much), "too_much", "takes (event) or (event, context)"),
        (lambda: declared(by_name), "by_name", "takes (event) or (event, context)"),
        (lambda: declared(any_names), "any_names", "takes (event) or (event, context)"),
        (lambda: declared(handle, Paid), "handle", "is declared for Paid but its first parameter takes Created"),
        (lambda: declared(handle, Created, Paid), "handle", "is declared for Paid but"),
        (lambda: declared(pays), "pays", 'returns events but has no stream for them: add publishes="…"'),
        (lambda: declared(pays_several), "pays_several", "returns events but has no stream"),
        (lambda: declared(batch), "batch", "takes a Batch: say how many at most with batch=…"),
        (lambda: declared(handle, batch=5), "handle", "batch=5 needs a handler that takes Batch[Created]"),
        (lambda: declared(batch, Paid, batch=5), "batch", "is declared for Paid but its first parameter takes Created"),
        (lambda: declared(batch_with_context, batch=5), "batch_with_context", "takes the batch alone"),
        (lambda: declared(batch, batch=5, order_by="key"), "batch", "batch=… and order_by=… do not go together"),
        (lambda: declared(order_by="id"), "handle", "order_by='id' must be None, \"key\" or a function"),
        (lambda: declared(publishes=""), "handle", "publishes='' must be the name of a stream"),
        (lambda: declared(publishes=5), "handle", "publishes=5 must be the name of a stream"),
        (lambda: declared(publishes="a\ud83d"), "handle", "publishes='a\\ud83d' must be the name of a stream"),
        (lambda: declared(retry=3), "handle", "retry=3 must be a Retry, or a mapping"),
        (lambda: declared(retry={ValueError: 3}), "handle", "retry={ValueError: 3}: the value must be a Retry"),
        (lambda: declared(retry={"ValueError": Retry()}), "handle", "retry={'ValueError': …}: the key must be an"),
        (lambda: declared(retry={int: Retry()}), "handle", "retry={<class 'int'>: …}: the key must be an"),
    ],
)
def test_what_cannot_work_is_refused_with_the_handler_and_the_reason(
    make: Callable[[], Handler], handler: str, told: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        make()

    assert str(refusal.value).startswith(f"handler {handler}: ")
    assert told in str(refusal.value)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *((option, value) for option in ("concurrency", "batch") for value in (-1, 1.5, "4", None, True, math.nan)),
        ("concurrency", 0),
        *(
            (option, value)
            for option in ("timeout_seconds", "batch_wait_seconds")
            for value in (-1, "4", None, True, math.nan, math.inf)
        ),
        ("timeout_seconds", 0),
    ],
)
def test_a_number_that_cannot_work_is_refused_with_the_handler_the_option_and_the_value(
    option: str, value: object
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        declared(**{option: value})

    assert str(refusal.value).startswith(f"handler handle: {option}={value!r} must be a ")


@pytest.mark.parametrize(
    ("call", "events", "options"),
    [
        (handle, (Created,), {}),
        (untyped, (Created, Paid), {}),
        (generic, (Created, Paid), {"publishes": "others"}),
        (of_both, (Created, Paid), {}),
        (of_any_event, (Created, CreatedAgain, Paid), {}),
        (pays, (Created,), {"publishes": "payments"}),
        (batch, (Created,), {"batch": 5}),
        (bare_batch, (Created, Paid), {"batch": 5}),
        (any_batch, (Created, Paid), {"batch": 5}),
        (generic_batch, (Created, Paid), {"batch": 5}),
        (functools.partial(prepared, 5), (Created,), {}),
    ],
)
def test_what_can_work_is_taken(call: Any, events: tuple[Any, ...], options: dict[str, Any]) -> None:
    assert declared(call, *events, **options).events == events


def test_a_bound_method_is_a_handler() -> None:
    class Till:
        async def charge(self, event: Created, context: Context) -> None: ...

    handler = declared(Till().charge)

    assert handler.takes_context
    assert handler.name.endswith("Till.charge")


def test_a_handler_gets_its_context_only_if_it_asks_for_it() -> None:
    assert declared(with_context).takes_context
    assert not declared(handle).takes_context


def test_the_policy_of_the_most_specific_exception_class_counts() -> None:
    general, arithmetic, zero = Retry(attempts=2), Retry(attempts=3), Retry(attempts=4)
    handler = declared(retry={Exception: general, ArithmeticError: arithmetic, ZeroDivisionError: zero})

    assert handler.retry_for(ZeroDivisionError()) is zero
    assert handler.retry_for(OverflowError()) is arithmetic
    assert handler.retry_for(ValueError()) is general
    assert handler.retry_for(BaseException()) == Retry()


def test_one_policy_counts_for_every_exception() -> None:
    assert declared(retry=Retry(attempts=7)).retry_for(KeyError()).attempts == 7
    assert declared().retry_for(KeyError()) == Retry()


def declare_without_events(call: Any) -> Handler:
    return declare(
        call,
        (),
        publishes=None,
        concurrency=1,
        timeout_seconds=1,
        retry=None,
        order_by=None,
        batch=0,
        batch_wait_seconds=0,
    )
