import pytest
from tests.bench.soak.verdict import growth

MB = 1024 * 1024


def samples(*sizes: float) -> list[tuple[float, int]]:
    return [(float(second), int(size)) for second, size in enumerate(sizes)]


def test_memory_that_stays_is_flat() -> None:
    seen = growth(samples(*[80 * MB] * 50))

    assert not seen.steady
    assert seen.bytes == pytest.approx(0, abs=1)


def test_memory_that_grows_with_every_second_is_steady_growth() -> None:
    seen = growth(samples(*[(80 + 0.5 * second) * MB for second in range(50)]))

    assert seen.steady
    assert seen.bytes == pytest.approx(29 * 0.5 * MB, rel=0.01)


def test_what_grows_while_warming_up_is_not_judged() -> None:
    warm_up = [(20 + 3 * second) * MB for second in range(20)]

    assert not growth(samples(*warm_up, *[80 * MB] * 30)).steady


def test_a_saw_tooth_is_flat() -> None:
    assert not growth(samples(*[(80 + 3 * (second % 5)) * MB for second in range(50)])).steady


def test_the_highest_is_told_of_the_whole_run() -> None:
    assert growth(samples(99 * MB, *[80 * MB] * 49)).highest == 99 * MB


def test_too_few_samples_are_no_verdict() -> None:
    with pytest.raises(ValueError, match="at least 5"):
        growth(samples(*[80 * MB] * 6))
