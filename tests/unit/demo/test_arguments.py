"""The command line: what is accepted, and that errors name the argument."""

from __future__ import annotations

import pytest

from shop_demo.arguments import Options, parse
from shop_demo.exits import Exit


def test_no_arguments_is_an_endless_run_on_an_own_server() -> None:
    options = parse([])

    assert options == Options()
    assert options.orders is None
    assert options.redis_url is None


def test_every_option_is_read() -> None:
    options = parse(
        [
            "--orders",
            "2000",
            "--rate",
            "500",
            "--poison",
            "5",
            "--kill",
            "--outage",
            "2.5",
            "--decline-rate",
            "0.1",
            "--no-autoscale",
            "--payments",
            "3",
            "--notifications",
            "2",
            "--port",
            "8080",
            "--redis-url",
            "redis://127.0.0.1:6379/0",
            "--json",
            "--keep",
            "--settle-seconds",
            "30",
        ]
    )

    assert options == Options(
        orders=2000,
        rate=500,
        poison=5,
        kill=True,
        outage_seconds=2.5,
        decline_rate=0.1,
        autoscale=False,
        payments=3,
        notifications=2,
        port=8080,
        redis_url="redis://127.0.0.1:6379/0",
        json=True,
        keep=True,
        settle_seconds=30,
    )


def test_the_port_of_the_demos_own_server_can_be_chosen() -> None:
    assert parse(["--redis-port", "6390"]).redis_port == 6390


@pytest.mark.parametrize(
    ("arguments", "most"),
    [
        ([], 4),
        (["--payments", "7"], 7),
        (["--no-autoscale"], 2),
        (["--no-autoscale", "--payments", "7"], 7),
    ],
)
def test_payments_is_the_most_or_without_autoscaling_the_number_of_processes(arguments: list[str], most: int) -> None:
    assert parse(arguments).most_payments == most


def test_an_empty_redis_url_means_an_own_server() -> None:
    assert parse(["--redis-url", ""]).redis_url is None


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--orders", "0"], "--orders: 0 is too small"),
        (["--orders", "many"], "--orders: 'many' is not a whole number"),
        (["--rate", "0"], "--rate: 0 orders per second"),
        (["--rate", "nan"], "--rate: nan orders per second"),
        (["--poison", "-1"], "--poison: -1 is too small"),
        (["--outage", "-2"], "--outage: -2 seconds"),
        (["--decline-rate", "2"], "--decline-rate: 2 is not a share"),
        (["--payments", "0"], "--payments: 0 is too small"),
        (["--notifications", "99"], "--notifications: 99 is too many"),
        (["--port", "70000"], "--port: 70000 is not a port"),
        (["--redis-url", "localhost:6379"], "--redis-url: 'localhost:6379' is not a server's address"),
        (
            ["--redis-url", "redis://127.0.0.1:6379/0", "--redis-port", "6390"],
            "--redis-port: the server of --redis-url has its port already",
        ),
        (["--orders", "5", "--kill"], "--kill: three kills need at least 10 orders"),
        (["--order", "5"], "--order 5"),
    ],
)
def test_a_wrong_argument_is_named_and_the_exit_code_is_usage(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(arguments)

    assert stopped.value.code == Exit.USAGE
    assert named in capsys.readouterr().err


def test_help_tells_every_exit_code_within_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    with pytest.raises(SystemExit) as stopped:
        parse(["--help"])

    text = capsys.readouterr().out
    assert stopped.value.code == 0
    for code in Exit:
        assert f"{code.value:>5}  {code.meaning}" in text
    assert max(len(line) for line in text.splitlines()) <= 80
