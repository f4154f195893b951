"""How many replicas a group gets."""

from __future__ import annotations

import pytest
from tests.support.looks import UNCOUNTABLE, UNREACHABLE, Controller, look, scaling

from sluiceway_operator.decide import Limit, Reason
from sluiceway_operator.observation import Unknown
from sluiceway_operator.resource import Accuracy


def test_one_event_on_an_idle_stream_wakes_one_replica() -> None:
    decision = Controller(scaling()).sees(look(0, 0, lag=1, added=1))

    assert (decision.replicas, decision.reason) == (1, Reason.COLD_START)


def test_a_burst_gets_what_it_needs_in_one_step() -> None:
    decision = Controller(scaling(initialCapacityPerReplica=10)).sees(look(0, 0, lag=1000, added=1000))

    assert decision.replicas == 10
    assert decision.message == "1000 backlog, 0/s in, 10/s per replica assumed: 10 replicas to drain it in 10 s"


def test_a_step_limit_spreads_an_increase() -> None:
    controller = Controller(scaling(scaleUp={"maxReplicasPerStep": 3}))

    decision = controller.sees(look(0, 2, lag=1000, held=(1, 1), added=1000))

    assert (decision.replicas, decision.limit, decision.wanted) == (5, Limit.REPLICAS_PER_STEP, 11)


def test_more_than_the_maximum_is_never_asked_for_and_said_so() -> None:
    decision = Controller(scaling(maxReplicas=4)).sees(look(0, 0, lag=1000, added=1000))

    assert (decision.replicas, decision.limit, decision.wanted) == (4, Limit.MAX_REPLICAS, 10)


def test_the_minimum_stands_without_work() -> None:
    controller = Controller(scaling(minReplicas=2))

    decision = [controller.sees(look(second, 2)) for second in range(100)][-1]

    assert (decision.replicas, decision.limit) == (2, Limit.MIN_REPLICAS)


def test_a_fixed_backlog_per_replica_is_followed() -> None:
    decision = Controller(scaling(target={"backlogPerReplica": 100})).sees(look(0, 1, lag=950, held=(10,), added=960))

    assert (decision.replicas, decision.reason) == (10, Reason.BACKLOG_PER_REPLICA)


def test_dead_letters_that_were_put_back_are_work() -> None:
    assert Controller(scaling()).sees(look(0, 0, replay=1)).replicas == 1


def test_entries_of_a_dead_consumer_wake_a_replica() -> None:
    assert Controller(scaling()).sees(look(0, 0, lag=0, held=(3,))).replicas == 1


# --- capacity -------------------------------------------------------------------------------------------------------


def steady(handler_seconds: float, seconds: int = 30) -> Controller:
    """One saturated replica, whose handler takes so long for an event, watched until 5,000 are left."""
    controller = Controller(scaling(maxReplicas=100))
    work = 5_000 + int(seconds / handler_seconds)
    for second in range(seconds + 1):
        lag = work - int(second / handler_seconds) - 10
        controller.sees(look(second, 1, lag=lag, held=(10,), added=work))
    return controller


def test_desired_differs_by_the_capacity_that_was_measured() -> None:
    few, many = steady(0.005).last, steady(0.2).last

    assert few is not None
    assert many is not None
    assert (few.reason, many.reason) == (Reason.DRAIN_TIME, Reason.DRAIN_TIME)
    assert few.replicas in range(2, 5)
    assert many.replicas >= 80


def test_a_handler_slower_than_the_sweep_is_measured_all_the_same() -> None:
    assert steady(4.0, seconds=200).history.capacity.per_second == pytest.approx(0.25, rel=0.3)


def test_replicas_that_get_nothing_done_are_an_observation_and_the_guess_is_not_told_any_more() -> None:
    """Else what is told, the guess, and what decides, a fraction of it, would be two numbers."""
    controller = Controller(scaling(maxReplicas=100, initialCapacityPerReplica=10))
    decision = [controller.sees(look(second, 1, lag=90, held=(10,), added=100)) for second in range(10)][-1]

    assert decision.reason is Reason.DRAIN_TIME
    assert controller.history.capacity.observed
    assert controller.history.capacity.per_second < 1.5


def test_replicas_that_wait_for_work_teach_nothing_about_capacity() -> None:
    controller = Controller(scaling())
    for second in range(60):
        controller.sees(look(second, 4, lag=0, held=(1,), added=second))

    assert not controller.history.capacity.observed
    assert controller.history.capacity.per_second == 10


def test_entries_that_were_put_back_teach_nothing_about_capacity() -> None:
    controller = Controller(scaling())
    controller.sees(look(0, 1, lag=10, held=(5,), added=15))

    controller.sees(look(1, 1, lag=500, held=(5,), added=15))

    assert not controller.history.capacity.observed


# --- unknown is never zero ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("replicas", [0, 1, 7])
def test_a_server_that_does_not_answer_changes_nothing(replicas: int) -> None:
    decision = Controller(scaling()).sees_nothing(0, replicas, UNREACHABLE)

    assert (decision.replicas, decision.reason) == (replicas, Reason.SERVER_UNREACHABLE)


@pytest.mark.parametrize(("replicas", "least", "expected"), [(0, 0, 1), (0, 3, 3), (7, 0, 7), (1, 0, 1)])
def test_a_backlog_that_cannot_be_counted_keeps_somebody_at_work(replicas: int, least: int, expected: int) -> None:
    decision = Controller(scaling(minReplicas=least)).sees_nothing(0, replicas, UNCOUNTABLE)

    assert (decision.replicas, decision.reason) == (expected, Reason.BACKLOG_UNKNOWN)


@pytest.mark.parametrize("why", [UNREACHABLE, UNCOUNTABLE])
def test_an_unknown_moment_starts_the_idle_clock_anew(why: Unknown) -> None:
    controller = Controller(scaling(scaleDown={"idleSeconds": 10}))
    for second in range(10):
        controller.sees(look(second, 1))
    controller.sees_nothing(10, 1, why)

    after = [controller.sees(look(second, 1)).replicas for second in range(11, 22)]

    assert after == [1] * 10 + [0]


def test_an_estimate_of_nothing_is_not_nothing() -> None:
    controller = Controller(scaling(scaleDown={"idleSeconds": 0}))

    decisions = [controller.sees(look(second, 1, accuracy=Accuracy.ESTIMATED)) for second in range(60)]

    assert {decision.replicas for decision in decisions} == {1}


# --- down -----------------------------------------------------------------------------------------------------------


def test_the_last_replica_goes_after_the_idle_time() -> None:
    controller = Controller(scaling(scaleDown={"idleSeconds": 10}))

    decisions = [controller.sees(look(second, 1)) for second in range(12)]

    assert [decision.replicas for decision in decisions] == [1] * 10 + [0, 0]
    assert (decisions[9].reason, decisions[10].reason) == (Reason.IDLE_WAIT, Reason.IDLE)


def test_an_event_handled_between_two_looks_starts_the_idle_clock_anew() -> None:
    controller = Controller(scaling(scaleDown={"idleSeconds": 10, "stabilizationSeconds": 0}))
    for second in range(10):
        controller.sees(look(second, 1, added=0))
    controller.sees(look(10, 1, added=1))

    assert [controller.sees(look(second, 1, added=1)).replicas for second in range(11, 22)] == [1] * 10 + [0]


def test_a_drained_stream_is_left_to_one_replica_at_once() -> None:
    controller = Controller(scaling())
    for second in range(5):
        controller.sees(look(second, 20, lag=1000, held=(10,) * 20, added=1200))
    controller.sees(look(5, 20, lag=0, held=(0,) * 20, added=1200))

    decision = controller.sees(look(6, 20, lag=0, held=(0,) * 20, added=1200))

    assert (decision.replicas, decision.reason) == (1, Reason.IDLE_WAIT)


def test_what_arrived_before_a_stream_was_drained_does_not_call_the_replicas_back() -> None:
    controller = Controller(scaling())
    for second in range(15):
        controller.sees(look(second, 10, lag=20, held=(1,) * 10, added=50 * second))
    drained = [look(15 + second, 10, added=50 * 14) for second in range(3)]
    replicas = [controller.sees(each).replicas for each in drained][-1]
    assert controller.history.arrivals.per_second > 0
    assert controller.history.arrivals_per_second == 0

    after = []
    for second in range(18, 24):
        replicas = controller.sees(look(second, replicas, added=50 * 14)).replicas
        after.append(replicas)

    assert after == [1] * 6


def test_entries_that_were_handed_back_are_work_for_others() -> None:
    controller = Controller(scaling(target={"backlogPerReplica": 3}))

    seen = [controller.sees(look(at, 3, held=(10, 10, 10), released=4, added=60)).replicas for at in range(4)]

    assert seen[-1] == 7


@pytest.mark.parametrize("target", [{"backlogPerReplica": 3}, {"drainSeconds": 10}])
def test_replicas_with_long_handlers_are_neither_called_for_nothing_nor_sent_away_from_their_work(
    target: dict[str, int],
) -> None:
    controller = Controller(scaling(target=target, initialCapacityPerReplica=1))
    controller.sees(look(0, 0, lag=60, added=60))
    replicas, seen = 20, []
    for second in range(1, 9):
        held = (10,) * 6 + (0,) * (replicas - 6)
        replicas = controller.sees(look(second, replicas, held=held, added=60)).replicas
        seen.append(replicas)

    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == 6


def test_replicas_that_hold_work_are_waited_for_but_not_for_ever() -> None:
    controller = Controller(scaling(scaleDown={"drainWaitSeconds": 30, "stabilizationSeconds": 0}))
    controller.sees(look(0, 6, lag=5, held=(1,) * 6, added=11))
    decisions = [controller.sees(look(second, 6, held=(1, 1, 1, 0, 0, 0), added=11)) for second in range(1, 40)]

    assert {(each.replicas, each.reason) for each in decisions[:29]} == {(3, Reason.HELD_WORK)}
    assert {each.replicas for each in decisions[29:]} == {1}


def test_while_entries_arrive_the_highest_recommendation_of_the_window_holds() -> None:
    controller = Controller(scaling(scaleDown={"stabilizationSeconds": 60}))
    controller.sees(look(0, 8, lag=800, held=(1,) * 8, added=800))

    replicas = [controller.sees(look(second, 8, lag=1, added=800 + second)).replicas for second in range(1, 70)]

    assert set(replicas[:59]) == {8}
    assert replicas[-1] < 8


def test_a_load_that_goes_up_and_down_within_the_window_does_not_flap() -> None:
    controller = Controller(scaling(scaleDown={"stabilizationSeconds": 60}))
    replicas, added, written = 0, 0, []
    for second in range(300):
        added += 5 if second % 20 < 10 else 200
        lag = 50 if second % 20 < 10 else 400
        decided = controller.sees(look(second, replicas, lag=lag, held=(1,) * replicas, added=added)).replicas
        if decided != replicas:
            written.append(decided)
        replicas = decided

    assert written == sorted(written)


def test_an_operator_that_starts_anew_does_not_reduce_a_busy_group_at_once() -> None:
    controller = Controller(scaling(scaleDown={"stabilizationSeconds": 60}))

    replicas = [controller.sees(look(second, 8, lag=1, added=second)).replicas for second in range(59)]

    assert set(replicas) == {8}


def test_a_burst_counts_once() -> None:
    controller = Controller(scaling())
    for second in range(20):
        controller.sees(look(second, 0, added=0))

    assert controller.sees(look(20, 0, lag=500, added=500)).wanted == 5


def test_a_load_that_goes_on_counts_beside_its_backlog() -> None:
    controller = Controller(scaling(maxReplicas=100))
    for second in range(30):
        controller.sees(look(second, 1, lag=500, added=100 * second))

    assert controller.history.arrivals.per_second == pytest.approx(100)
    assert controller.last is not None
    assert controller.last.wanted == 15


def test_an_arrival_rate_of_the_past_alone_keeps_nobody() -> None:
    controller = Controller(scaling(scaleDown={"stabilizationSeconds": 0}))
    controller.sees(look(0, 1, added=0))
    controller.sees(look(1, 1, added=500))

    decision = [controller.sees(look(second, 1, added=500)) for second in range(2, 60)][-1]

    assert decision.replicas == 0


def test_looks_that_follow_each_other_at_once_are_no_division_by_zero() -> None:
    """Beside 5 s, 1e-222 s are lost: the sum of both less the longer one would be nothing."""
    controller = Controller(scaling())
    controller.sees(look(0, 1, added=0))
    controller.sees(look(1e-222, 1, added=0))

    decision = controller.sees(look(5, 1, lag=100, added=100))

    assert (controller.history.arrivals.per_second, decision.wanted) == (0, 1)


def test_entries_between_two_looks_that_follow_each_other_at_once_are_no_enormous_rate() -> None:
    controller = Controller(scaling())
    controller.sees(look(0, 1, added=0))
    controller.sees(look(1e-310, 1, lag=1, added=1))

    decision = controller.sees(look(1, 1, lag=3, added=3))

    assert (controller.history.arrivals.per_second, decision.wanted) == (1, 1)


def test_a_stream_that_was_made_anew_counts_from_zero() -> None:
    controller = Controller(scaling())
    controller.sees(look(0, 1, added=1_000_000))

    controller.sees(look(1, 1, lag=3, added=3))

    assert controller.history.arrivals.per_second == 0
