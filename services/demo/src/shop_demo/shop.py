"""The shop's processes: what is started, with which environment, and where each leaves its records."""

import os
import shlex
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shop_demo.arguments import Options
from shop_demo.child import Spec
from shop_demo.exits import DemoError
from shop_demo.manifest import NAMESPACE, TARGET, payments_consumer
from shop_events import Streams
from sluiceway.embedded.ports import free_port
from sluiceway.keys import GroupKeys

OPERATOR = "payments-operator"
"""The process that keeps those of payments."""

_HOST = "127.0.0.1"
# Short, so that the view shows a takeover within seconds. Long enough for a busy machine to renew in time.
_LEASE_SECONDS = 3.0
# Inside a pod these would name every consumer alike.
_NAMES_OF_PODS = frozenset({"POD_NAME", "KUBERNETES_SERVICE_HOST"})
_REPLICA_GRACE_SECONDS = 5
"""For the processes that the operator keeps; less than it has itself."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The layout of one run.

    Args:
        specs: the processes.
        orders_url: where orders are posted.
        streams: the shop's streams.
        charges: folder of the payment provider's record.
        messages: folder of the message sink's record.
        consumes: from each service to the stream that it consumes, in a group of its own name.
        logs: folder of the logs.
        payments_state: the file in which the operator keeps the state of payments; ``None``: their number is fixed.
    """

    specs: tuple[Spec, ...]
    orders_url: str
    streams: Streams
    charges: Path
    messages: Path
    consumes: Mapping[str, str]
    logs: Path
    payments_state: Path | None

    @property
    def watched(self) -> tuple[str, ...]:
        """The streams whose groups the view shows."""
        return (self.streams.orders, self.streams.payments, self.streams.notifications)

    @property
    def dead_letter_streams(self) -> tuple[str, ...]:
        """Where each group of each stream would put its dead letters."""
        return tuple(
            GroupKeys(stream, service).dead for stream in self.watched for service in ("orders", *self.consumes)
        )


def plan_shop(options: Options, *, redis_url: str, prefix: str, folder: Path) -> Shop:
    """Lay out the processes.

    Args:
        options: how many processes, which port.
        redis_url: the event store.
        prefix: put before every key.
        folder: logs and records go there.

    Raises:
        DemoError: the asked-for port is taken.
    """
    streams = Streams(prefix)
    charges, messages = folder / "payment-provider", folder / "messages"
    fixed_payments = 0 if options.autoscale else options.most_payments
    ports = _ports(options.port, 1 + fixed_payments + options.notifications)
    logs = folder / "logs"

    def environment(service: str, port: int, **extra: str) -> dict[str, str]:
        variables = {
            "REDIS_URL": redis_url,
            "HOST": _HOST,
            "PORT": str(port),
            "STREAM_PREFIX": prefix,
            "LEASE_SECONDS": str(_LEASE_SECONDS),
            **extra,
        }
        return _inherited() | {f"{service.upper()}_{key}": value for key, value in variables.items()}

    def spec(service: str, number: int | None, **extra: str) -> Spec:
        name = service if number is None else f"{service}-{number}"
        port = ports.pop(0)
        return Spec(
            name=name,
            service=service,
            command=_program(service),
            environment=environment(service, port, **extra),
            log=logs / f"{name}.log",
            ready_url=f"http://{_HOST}:{port}/readyz",
        )

    orders_url = f"http://{_HOST}:{ports[0]}/orders"
    specs = [spec("orders", None)]
    payments = {"RECORD_DIRECTORY": str(charges), "DECLINE_RATE": str(options.decline_rate)}
    state: Path | None = None
    if options.autoscale:
        state = folder / "state" / f"{NAMESPACE}.{TARGET}.json"
        manifest = folder / "payments.yaml"
        manifest.write_text(
            payments_consumer(redis_url=redis_url, stream=streams.orders, most=options.most_payments), encoding="utf-8"
        )
        # port 0: any that is free, since nobody asks a replica anything
        specs.append(_operator(manifest, state.parent, logs, environment("payments", 0, **payments), redis_url))
    specs += [spec("payments", number, **payments) for number in range(1, fixed_payments + 1)]
    specs += [
        spec("notifications", number, SINK="file", RECORD_DIRECTORY=str(messages))
        for number in range(1, options.notifications + 1)
    ]
    return Shop(
        specs=tuple(specs),
        orders_url=orders_url,
        streams=streams,
        charges=charges,
        messages=messages,
        consumes={"payments": streams.orders, "notifications": streams.payments},
        logs=logs,
        payments_state=state,
    )


def _program(service: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"shop_{service}")


def _operator(manifest: Path, state: Path, logs: Path, environment: Mapping[str, str], redis_url: str) -> Spec:
    """Return the operator, which keeps the payments processes; they inherit its environment."""
    return Spec(
        name=OPERATOR,
        service="payments",
        command=(
            *(sys.executable, "-m", "sluiceway_operator", "local", str(manifest)),
            *("--program", f"{TARGET}={shlex.join(_program('payments'))}"),
            *("--grace", str(_REPLICA_GRACE_SECONDS), "--state", str(state), "--logs", str(logs)),
        ),
        # the manifest holds no password, and a command line would show it
        environment={**environment, "SLUICEWAY_REDIS_URL": redis_url},
        log=logs / f"{OPERATOR}.log",
    )


def _inherited() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key not in _NAMES_OF_PODS}


def _ports(first: int | None, count: int) -> list[int]:
    """Choose ports: the asked-for one first, then free ones."""
    if first is None:
        return _free(count)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, first))
        except OSError as error:
            raise DemoError(
                f"--port {first}: {error.strerror}. Choose another port, or leave --port out for a free one."
            ) from error
    return [first, *_free(count - 1, but=first)]


def _free(count: int, but: int | None = None) -> list[int]:
    ports: dict[int, None] = {}
    while len(ports) < count:
        port = free_port()
        if port != but:
            ports[port] = None
    return list(ports)
