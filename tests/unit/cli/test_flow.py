"""How a flow is put together from what was found."""

from sluiceway.cli.flow import Entry, Flow, Outcome, assemble, belongs_to
from sluiceway.cli.flow_report import flow_document, flow_report
from sluiceway.cli.table import plain
from sluiceway.ids import derived_event_id, foreign_event_id


def entry(stream: str, entry_id: str, kind: str, event_id: str, cause: str = "") -> Entry:
    fields = {b"id": event_id.encode(), b"type": kind.encode(), b"correlationId": b"flow-1"}
    if cause:
        fields[b"causationId"] = cause.encode()
    return Entry(stream, entry_id, fields)


PAID = derived_event_id("order-event", "payments", 0)
TOLD = derived_event_id(PAID, "notifications", 2)
ORDER = entry("orders", "1000-0", "ORDER_CREATED", "order-event")
PAYMENT = entry("payments", "1030-0", "PAYMENT_COMPLETED", PAID, cause="order-event")
MESSAGE = entry("notifications", "1041-3", "NOTIFICATION_SENT", TOLD, cause=PAID)
GROUPS = ("orders", "payments", "notifications")


def flow(*entries: Entry, **outcomes: Outcome) -> Flow:
    by_place = {("orders", "1000-0"): outcomes.values()}
    return assemble("flow-1", entries, by_place, GROUPS)


def test_events_of_all_streams_are_in_the_order_of_their_times() -> None:
    types = [event.entry.type for event in flow(MESSAGE, ORDER, PAYMENT).events]

    assert types == ["ORDER_CREATED", "PAYMENT_COMPLETED", "NOTIFICATION_SENT"]


def test_each_event_tells_its_delay_since_the_one_before_and_since_the_first() -> None:
    found = flow(ORDER, PAYMENT, MESSAGE)

    assert [(event.delay_ms, event.since_start_ms) for event in found.events] == [(None, 0), (30, 30), (11, 41)]
    assert found.total_ms == 41


def test_within_one_millisecond_a_cause_goes_before_its_effect_though_its_stream_comes_later() -> None:
    cause = entry("z-stream", "1000-5", "CAUSE", "cause")
    effect = entry("a-stream", "1000-0", "EFFECT", derived_event_id("cause", "orders", 0), cause="cause")

    assert [event.entry.type for event in flow(effect, cause).events] == ["CAUSE", "EFFECT"]


def test_the_group_that_published_an_event_is_known_from_the_events_id() -> None:
    assert [event.published_by for event in flow(ORDER, PAYMENT, MESSAGE).events] == [None, "payments", "notifications"]


def test_an_event_that_a_handler_published_under_another_id_has_no_known_publisher() -> None:
    other = entry("payments", "1030-0", "PAYMENT_COMPLETED", "an-id-of-its-own", cause="order-event")

    assert flow(ORDER, other).events[1].published_by is None
    assert "a handler" in plain(flow_report(flow(ORDER, other)))


def test_a_cause_that_was_not_found_is_told() -> None:
    assert flow(PAYMENT, MESSAGE).begins_earlier
    assert not flow(ORDER, PAYMENT).begins_earlier
    assert "names a cause that is not here" in plain(flow_report(flow(PAYMENT)))


def test_events_that_name_each_other_as_cause_do_not_hang_the_search() -> None:
    one = entry("orders", "1-0", "A", "a", cause="b")
    other = entry("orders", "2-0", "B", "b", cause="a")

    assert len(flow(one, other).events) == 2


def test_an_entry_belongs_to_the_flow_that_it_names() -> None:
    assert belongs_to("flow-1", "orders", "1000-0", ORDER.fields)
    assert not belongs_to("order-event", "orders", "1000-0", ORDER.fields)


def test_an_entry_without_a_correlation_id_begins_the_flow_of_its_event_id() -> None:
    assert belongs_to("e-1", "orders", "1-0", {b"id": b"e-1"})
    assert belongs_to(foreign_event_id("orders", "1-0"), "orders", "1-0", {b"type": b"ORDER_CREATED"})


def test_each_outcome_is_said_in_words_under_its_event() -> None:
    waits = {"consumer": "pod-1", "idle_seconds": 2.0, "deliveries": 3}
    found = flow(
        ORDER,
        settled=Outcome("a", "settled"),
        not_delivered=Outcome("b", "not_delivered"),
        pending=Outcome("c", "pending", waits),
        waiting=Outcome("d", "waiting_retry", {**waits, "due_in_seconds": 4.2, "failures": 2, "error": "no\nanswer"}),
        dead=Outcome("e", "dead_letter", {"letter_id": "9-0", "reason": "rejected", "error": "too " + "long " * 50}),
        replayed=Outcome("f", "pending", waits, replay=True),
        returned=Outcome("g", "handed_back", waits),
    )

    lines = plain(flow_report(found)).splitlines()

    assert [line.split("->")[1].split(maxsplit=1) for line in lines if "->" in line] == [
        ["a", "settled"],
        ["b", "not yet delivered"],
        ["c", "pending with pod-1 for 2.0 s, delivered 3x"],
        ["d", "waiting for a retry due in 4.2 s, failed 2x: no answer"],
        ["e", "dead letter 9-0, rejected: " + ("too " + "long " * 50)[:79] + "…"],
        ["f", "replayed, pending with pod-1 for 2.0 s, delivered 3x"],
        ["g", "handed back by a stopped consumer"],
    ]


def test_the_document_holds_what_the_text_shows() -> None:
    document = flow_document(flow(ORDER, PAYMENT, one=Outcome("payments", "settled")))

    first, second = document["events"]
    assert first["outcomes"] == [{"group": "payments", "outcome": "settled", "replay": False}]
    assert (second["stream"], second["published_by"], second["delay_ms"]) == ("payments", "payments", 30)
    assert document["total_ms"] == 30
