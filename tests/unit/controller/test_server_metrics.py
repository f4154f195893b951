"""Servers in the metrics: named without logins, one of a name however many logins it has."""

from __future__ import annotations

import pytest
from tests.support.scraping import scrape_of

from sluiceway_operator.control import SweepTally
from sluiceway_operator.metrics import OperatorCollector, Swept


def tally(*seconds: float, errors: int = 0) -> SweepTally:
    made = SweepTally()
    for each in seconds:
        made.durations.observe(each)
    for at in range(errors + 1):
        made.answered(at >= errors)
    return made


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://redis:6379/0", "redis://redis:6379/0"),
        ("redis://user:secret@redis:6379/0", "redis://redis:6379/0"),
        ("redis+sentinel://:s@cret@one:26379,two:26379/shop/0", "redis+sentinel://one:26379,two:26379/shop/0"),
    ],
)
def test_a_server_is_named_without_user_and_password(url: str, shown: str) -> None:
    swept = Swept(url, SweepTally(), began_at=100.0, late_seconds=0.0)

    told = scrape_of(OperatorCollector(list, lambda: [swept], lambda: True))

    assert told.labels("sluiceway_redis_sweep_age_seconds") == [{"server": shown}]


def test_two_logins_on_one_server_are_one_server() -> None:
    one = Swept("redis://one@redis:6379", tally(0.002, errors=2), began_at=95.0, late_seconds=0.0)
    other = Swept("redis://other@redis:6379", tally(0.2, 0.3), began_at=99.0, late_seconds=0.5)

    told = scrape_of(OperatorCollector(list, lambda: [one, other], lambda: False, clock=lambda: 100.0))

    assert told.value("sluiceway_redis_sweep_seconds_count", server="redis://redis:6379") == 3
    assert told.value("sluiceway_redis_sweep_seconds_bucket", le="0.0025") == 1
    assert told.value("sluiceway_redis_sweep_errors_total") == 2
    assert told.value("sluiceway_redis_sweep_age_seconds") == 5
    assert told.value("sluiceway_redis_sweep_late_seconds") == 0.5
    assert told.value("sluiceway_redis_up") == 1


def test_a_server_that_was_not_looked_at_yet_is_neither_up_nor_down() -> None:
    new = Swept("redis://redis:6379", SweepTally(), began_at=100.0, late_seconds=0.0)

    told = scrape_of(OperatorCollector(list, lambda: [new], lambda: True, clock=lambda: 100.0))

    assert told.value("sluiceway_redis_up") is None
    assert told.value("sluiceway_operator_leading") == 1
