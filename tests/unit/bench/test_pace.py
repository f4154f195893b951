from tests.bench.chain.pace import Pace


def test_orders_are_due_at_even_times_whatever_the_answers_take() -> None:
    pace = Pace(began=100.0, rate=4.0, orders=8)

    assert [pace.due(number) for number in range(4)] == [100.0, 100.25, 100.5, 100.75]


def test_nothing_is_due_before_the_beginning() -> None:
    assert Pace(began=100.0, rate=4.0, orders=8).due_by(99.9) == 0


def test_an_order_is_due_from_its_own_time_on() -> None:
    pace = Pace(began=100.0, rate=4.0, orders=8)

    assert [pace.due_by(now) for now in (100.0, 100.24, 100.25, 100.5)] == [1, 1, 2, 3]


def test_no_more_orders_are_due_than_there_are() -> None:
    assert Pace(began=100.0, rate=4.0, orders=8).due_by(1000.0) == 8
