"""The simulation: small cases computed by hand, and that no entry is made or lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.repository import ROOT

from sluiceway_operator.cli import main
from sluiceway_operator.simulate import (
    LOADS,
    POLICIES,
    Aim,
    BadRecording,
    Load,
    Pods,
    Work,
    generate,
    read_recording,
    run,
)
from sluiceway_operator.simulate.consumers import Consumers
from sluiceway_operator.simulate.drawing import bars
from sluiceway_operator.simulate.policies import FixedPolicy, HpaPolicy, KnativePolicy, NumaflowPolicy, Seen

DOCUMENT = ROOT / "docs/operations/scaling.md"


def seen(at: float, *, asked: int = 0, lag: int = 0, in_work: int = 0, done: int = 0, ready: int | None = None) -> Seen:
    return Seen(at, asked, asked if ready is None else ready, lag, in_work, lag + in_work + done, done, 0.0)


def test_one_replica_takes_one_entry_after_the_other() -> None:
    load = Load.of("three", [Work(0.5, 2.0)] * 3, 10)

    made = run(load, FixedPolicy(1), Pods(start_seconds=1.0))

    assert made.longest_wait == pytest.approx(4.5)  # it starts at 1, the third entry is begun at 5
    assert (made.done, made.left) == (3, 0)
    assert made.missed_seconds(3) == 1  # at 4 the oldest had waited 3.5 s
    assert made.replica_seconds == pytest.approx(610)


def test_a_replica_that_ends_finishes_its_entry_and_counts_until_then() -> None:
    consumers = Consumers(Load.of("one", [], 0), Pods(start_seconds=1.0))
    consumers.scale(1)
    consumers.arrive(Work(0.0, 4.0))
    consumers.advance(2.0)

    consumers.scale(0)
    consumers.advance(20.0)

    assert (consumers.done, consumers.handed_back, consumers.replica_seconds) == (1, 0, 5.0)


def test_a_replica_that_does_not_finish_in_time_hands_its_entry_back() -> None:
    consumers = Consumers(Load.of("one", [], 0), Pods(start_seconds=1.0, grace_seconds=10.0))
    consumers.scale(1)
    consumers.arrive(Work(0.0, 100.0))
    consumers.advance(2.0)

    consumers.scale(0)
    consumers.advance(20.0)

    assert (consumers.lag, consumers.in_work, consumers.handed_back, consumers.replica_seconds) == (1, 0, 1, 12.0)


def test_handlers_get_nowhere_while_what_they_need_is_stuck() -> None:
    load = Load.of("stuck", [], 100, stuck=(10.0, 20.0))

    assert [load.finished_at(begun, 2.0) for begun in (5.0, 9.0, 15.0, 20.0)] == [7.0, 21.0, 22.0, 22.0]


@settings(deadline=None, max_examples=40)
@given(
    works=st.lists(st.builds(Work, st.floats(0, 120), st.floats(0.01, 60)), max_size=60),
    name=st.sampled_from(sorted(POLICIES)),
    start=st.floats(0.1, 30),
)
def test_what_arrived_is_done_or_left(works: list[Work], name: str, start: float) -> None:
    load = Load.of("any", works, 120)
    _, make = POLICIES[name]

    made = run(load, make(Aim(10, 5, load.mean_seconds or 1)), Pods(start_seconds=start))

    assert made.arrived == len(works) == made.done + made.left
    assert made.replica_seconds >= 0


@pytest.mark.parametrize(
    ("lag", "asked", "wanted"),
    [(0, 0, 0), (1, 0, 1), (105, 2, 2), (120, 2, 3), (1000, 2, 6), (1000, 8, 16), (100_000, 16, 20)],
)
def test_the_hpa_divides_the_lag_tolerates_a_tenth_and_doubles_at_most(lag: int, asked: int, wanted: int) -> None:
    assert HpaPolicy(50, 20).decide(seen(0, asked=asked, lag=lag)) == wanted


def test_the_hpa_keeps_the_most_of_five_minutes_and_keda_the_last_one_for_as_long() -> None:
    policy = HpaPolicy(50, 20)

    counts = [
        policy.decide(seen(0, asked=4, lag=200)),
        policy.decide(seen(285, asked=4)),
        policy.decide(seen(301, asked=4)),
        policy.decide(seen(316, asked=1)),
    ]

    assert counts == [4, 4, 1, 0]


def test_numaflow_takes_the_time_that_the_backlog_needs_over_the_time_that_it_should() -> None:
    policy = NumaflowPolicy(target_seconds=10, most=20)
    policy.decide(seen(0, asked=2, lag=90))

    # 300 done in 60 s are 5/s; 90 pending need 18 s; 18 / 10 x 2 = 3.6
    assert policy.decide(seen(60, asked=2, lag=88, in_work=2, done=300)) == 4


@pytest.mark.parametrize(
    ("lag", "done", "wanted"),
    [(0, 0, 0), (0, 300, 1), (90, 0, 1)],
)
def test_numaflow_keeps_one_if_only_one_of_pending_and_rate_is_zero(lag: int, done: int, wanted: int) -> None:
    policy = NumaflowPolicy(target_seconds=10, most=20)
    policy.decide(seen(0, asked=2, lag=lag))

    assert policy.decide(seen(60, asked=2, lag=lag, done=done)) == wanted


def test_numaflow_averages_what_is_pending_and_decides_every_thirty_seconds() -> None:
    policy = NumaflowPolicy(target_seconds=10, most=20)
    policy.decide(seen(0, asked=2, lag=20))
    policy.decide(seen(15, asked=2, lag=100, done=75))

    # 150 done in 30 s are 5/s; (20 + 100 + 180) / 3 pending need 20 s
    assert policy.decide(seen(30, asked=2, lag=180, done=150)) == 4
    assert policy.decide(seen(45, asked=4, lag=1000, done=225)) == 4


def test_knative_averages_over_a_minute_and_panics_over_six_seconds() -> None:
    calm, panicking = KnativePolicy(10, 20), KnativePolicy(10, 20)
    for at in range(0, 60, 2):
        calm.decide(seen(at, asked=2, lag=12))
        panicking.decide(seen(at, asked=2, lag=12))

    assert calm.decide(seen(60, asked=2, lag=12)) == 2  # 12 / (10 x 70 %)
    assert panicking.decide(seen(60, asked=2, lag=60)) == 4  # (12 + 12 + 60) / 3 / 7


@pytest.mark.parametrize("name", LOADS)
def test_a_load_is_the_same_for_the_same_seed_only(name: str) -> None:
    assert generate(name, 1) == generate(name, 1)
    assert generate(name, 1) != generate(name, 2)


def test_a_recording_spreads_what_arrived_over_its_interval(tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    file.write_text("seconds,arrivals,handler_seconds\n100,2,0.5\n110,1,\n")

    load = read_recording(file, handler_seconds=0.3)

    assert load == Load("shop", (Work(0, 0.5), Work(5, 0.5), Work(10, 0.3)), 20)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seconds\n1\n", "column arrivals is missing"),
        ("seconds,arrivals\n1,2\n", "two lines at least"),
        ("seconds,arrivals\n1,2\n1,2\n", "seconds 1 does not come after 1"),
        ("seconds,arrivals\n1,2\n2,many\n", "arrivals 'many' is not a number"),
        ("seconds,arrivals\n1,2\n2,-1\n", "out of range"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_by_line_and_column(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "shop.csv"
    file.write_text(text)

    with pytest.raises(BadRecording, match=words):
        read_recording(file, 0.2)


def test_bars_show_the_highest_of_their_share_and_little_is_not_nothing() -> None:
    assert bars([0, 0, 1, 100, 50, 0], 100, width=3) == " █▄"


def test_a_streamconsumer_of_a_file_is_simulated(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["simulate", "spikes", str(ROOT / "k8s/samples/payments.yaml"), "hpa"])

    said = capsys.readouterr().out
    assert (code, "spikes  payments" in said, "replicas over time" in said) == (0, True, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [(("nothing", "hpa"), "neither a load"), (("day", "best"), "neither a policy"), (("day", str(ROOT / "compose.yaml")), "no StreamConsumer")],
)  # fmt: skip
def test_what_is_neither_a_name_nor_a_file_is_refused(
    words: tuple[str, str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (main(["simulate", *words]), told in capsys.readouterr().err) == (2, True)


def test_the_table_of_the_document_is_what_the_command_writes(capsys: pytest.CaptureFixture[str]) -> None:
    """`sluiceway-operator simulate all all --markdown`, into docs/operations/scaling.md."""
    main(["simulate", "all", "all", "--markdown"])

    assert capsys.readouterr().out in DOCUMENT.read_text()
