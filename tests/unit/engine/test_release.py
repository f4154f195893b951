"""Which deliveries were no starts, so that a stop undoes their count."""

from tests.support.deliveries import a_delivery, a_source

from sluiceway.engine.delivery import Stage, Waiting
from sluiceway.engine.release import unstarted


def test_what_was_read_and_never_started_is_undone_and_nothing_else() -> None:
    source = a_source()
    buffered, running, done, failed = (a_delivery(None, number, source=source) for number in range(4))
    running.stage = failed.stage = Stage.RUNNING
    done.stage = Stage.DONE
    for delivery in (buffered, running, done, failed):
        source.held[delivery.entry_id] = delivery
    assert unstarted(source) == [buffered.entry_id]


def test_a_second_start_that_is_still_buffered_is_undone_as_well() -> None:
    source = a_source()
    retry = a_delivery(None, 0, source=source)
    retry.stage = Stage.RUNNING
    retry.restart([], count=2)
    source.held[retry.entry_id] = retry
    assert unstarted(source) == [retry.entry_id]


def test_what_waits_was_not_counted_so_there_is_nothing_to_undo() -> None:
    source = a_source()
    source.waiting[b"1-0"] = Waiting(0.0)
    assert unstarted(source) == []


def test_a_delivery_that_the_server_did_not_count_has_nothing_to_undo() -> None:
    source = a_source()
    delivery = a_delivery(None, 0, source=source)
    delivery.count = 0
    source.held[delivery.entry_id] = delivery
    assert unstarted(source) == []
