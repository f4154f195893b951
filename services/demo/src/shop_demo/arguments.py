"""What the command line says, as one immutable value."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from shop_demo.exits import Exit

_MOST_AUTOSCALED = 4
_FIXED = 2
_EXIT_CODES = "exit codes:\n" + "\n".join(f"  {code.value:>3}  {code.meaning}" for code in Exit)


@dataclass(frozen=True, slots=True)
class Options:
    """One run of the demo. Without ``orders`` it runs until it is interrupted."""

    orders: int | None = None
    rate: float = 100.0
    poison: int = 0
    kill: bool = False
    outage_seconds: float = 0.0
    decline_rate: float = 0.03
    payments: int | None = None
    autoscale: bool = True
    notifications: int = 1
    port: int | None = None
    redis_url: str | None = None
    redis_port: int | None = None
    settle_seconds: float = 60.0
    json: bool = False
    keep: bool = False

    @property
    def most_payments(self) -> int:
        """How many payments processes there may be; without autoscaling, how many there are."""
        return self.payments or (_MOST_AUTOSCALED if self.autoscale else _FIXED)


def parse(argv: Sequence[str] | None = None) -> Options:
    """Read the command line.

    Args:
        argv: the arguments without the program's name; ``None`` takes them from ``sys.argv``.

    Returns:
        the options, checked.

    Raises:
        SystemExit: with code 2 after a message that names the wrong argument, or with 0 after ``--help``.
    """
    parser = _parser()
    given = parser.parse_args(argv)
    options = Options(**vars(given))
    if options.kill and options.orders is not None and options.orders < 10:
        parser.error(f"argument --kill: three kills need at least 10 orders to fall on, got --orders {options.orders}")
    if options.redis_url is not None and options.redis_port is not None:
        parser.error("argument --redis-port: the server of --redis-url has its port already, leave one of the two out")
    return options


def _parser() -> argparse.ArgumentParser:
    defaults = Options()
    parser = argparse.ArgumentParser(
        prog="python -m shop_demo",
        description=(
            "Runs the shop for real: an event store, the orders, payments and notifications\n"
            "services as processes of their own, and customers who order over HTTP. At the\n"
            "end it accounts for every order that was accepted: one settled payment and one\n"
            "message each, or the run has failed. Everything it made is removed again.\n"
        ),
        epilog=(
            f"{_EXIT_CODES}\n\n"
            "examples:\n"
            "  python -m shop_demo                                 watch it until Ctrl-C\n"
            "  python -m shop_demo --orders 2000 --rate 500 --kill kill services under load\n"
            "  python -m shop_demo --orders 3000 --outage 5        no payments for a while\n"
            "  make demo DEMO_ARGS='--orders 500 --json'           the same through make"
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )

    load = parser.add_argument_group("load")
    load.add_argument(
        "--orders", type=_positive_int, metavar="N", help="stop when N orders are settled (without: run until Ctrl-C)"
    )
    load.add_argument(
        "--rate", type=_rate, default=defaults.rate, metavar="R", help="orders per second (default: %(default)g)"
    )
    load.add_argument(
        "--decline-rate",
        type=_share,
        default=defaults.decline_rate,
        metavar="SHARE",
        help="share of payments that the provider declines, 0 to 1 (default: %(default)g)",
    )

    faults = parser.add_argument_group("faults")
    faults.add_argument(
        "--poison",
        type=_count,
        default=0,
        metavar="N",
        help="also put N undecodable entries on the orders stream; each must end as a dead letter",
    )
    faults.add_argument(
        "--kill",
        action="store_true",
        help="SIGKILL payments and notifications in turn, at least three times, each while it owns pending entries",
    )
    faults.add_argument(
        "--outage",
        dest="outage_seconds",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="stop every payments process for that long in mid-run; orders must still be accepted",
    )

    shape = parser.add_argument_group("processes")
    shape.add_argument(
        "--payments",
        type=_processes,
        metavar="N",
        help=f"processes at most (default: {_MOST_AUTOSCALED}); with --no-autoscale, processes (default: {_FIXED})",
    )
    shape.add_argument(
        "--no-autoscale",
        dest="autoscale",
        action="store_false",
        help="keep a fixed number of payments processes, in place of as many as their backlog asks for",
    )
    shape.add_argument(
        "--notifications",
        type=_processes,
        default=defaults.notifications,
        metavar="N",
        help="processes (default: %(default)s)",
    )
    shape.add_argument(
        "--port", type=_port, metavar="P", help="port of the orders service on 127.0.0.1 (default: a free one)"
    )
    shape.add_argument(
        "--redis-url",
        type=_redis_url,
        metavar="URL",
        help="use this server instead of an own one, under a key prefix of its own that is removed afterwards",
    )

    shape.add_argument(
        "--redis-port",
        type=_port,
        metavar="P",
        help="port of the demo's own server on 127.0.0.1, to look at it from outside (default: a free one)",
    )

    output = parser.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="no live view; the last line on stdout is one JSON object")
    output.add_argument("--keep", action="store_true", help="keep the data folder with the logs and records")
    output.add_argument(
        "--settle-seconds",
        type=_seconds,
        default=defaults.settle_seconds,
        metavar="SECONDS",
        help="how long after the last order everything may take to settle (default: %(default)g)",
    )
    return parser


def _positive_int(text: str) -> int:
    number = _whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too small, the least is 1")
    return number


def _count(text: str) -> int:
    number = _whole(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is too small, the least is 0")
    return number


def _processes(text: str) -> int:
    number = _positive_int(text)
    if number > 16:
        raise argparse.ArgumentTypeError(f"{text} is too many, the most is 16")
    return number


def _port(text: str) -> int:
    number = _whole(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port, give 1 to 65535")
    return number


def _rate(text: str) -> float:
    number = _number(text)
    if not 0 < number <= 100_000:
        raise argparse.ArgumentTypeError(f"{text} orders per second cannot be fed, give more than 0 and at most 100000")
    return number


def _share(text: str) -> float:
    number = _number(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share, give 0 to 1")
    return number


def _seconds(text: str) -> float:
    number = _number(text)
    if not 0 <= number <= 3600:
        raise argparse.ArgumentTypeError(f"{text} seconds is out of range, give 0 to 3600")
    return number


def _redis_url(text: str) -> str | None:
    if not text:
        return None
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a server's address, give redis://HOST:PORT/DB, rediss://… or unix://…"
        )
    return text


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
