"""`sluiceway-operator run`: the operator in a cluster."""

import argparse
import asyncio
import os
import signal
from typing import TYPE_CHECKING

from .command import Command, positive
from .exits import Exit, Failure

if TYPE_CHECKING:
    from ..kube.client import Way
    from ..kube.operating import Settings

__all__ = ["COMMAND"]

_DESCRIPTION = """\
Looks after the StreamConsumers of a cluster: scales what consumes, keeps groups and streams in order, and tells what it
does in their status, in Events and in metrics.

Inside of a pod it uses the pod's account, elsewhere a kubeconfig. Of several operators the holder of a Lease writes; the
others stand by. It answers /healthz, /readyz and /metrics. SIGTERM ends it and frees the Lease. Everything is logged to
standard error.

examples:
  sluiceway-operator run
  sluiceway-operator run --namespaces shop,billing
  sluiceway-operator run --kubeconfig ~/.kube/config --context staging --port 9000"""


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--namespaces",
        metavar="NAME,…",
        type=_names,
        default=(),
        help="whose StreamConsumers are looked after (default: those of all)",
    )
    parser.add_argument("--kubeconfig", metavar="FILE", help="(default: the pod's account, else $KUBECONFIG)")
    parser.add_argument("--context", metavar="NAME", help="of the kubeconfig (default: the current one)")
    parser.add_argument("--lease", metavar="NAME", default="sluiceway-operator", help="(default: %(default)s)")
    parser.add_argument(
        "--lease-namespace",
        metavar="NAME",
        default=os.environ.get("POD_NAMESPACE", "default"),
        help="(default: $POD_NAMESPACE, else default)",
    )
    parser.add_argument("--host", default="", help="address for probes and metrics (default: all)")
    parser.add_argument("--port", type=positive, default=8080, help="its port (default: %(default)s)")


def _execute(options: argparse.Namespace) -> Exit:
    # all of this is slow to load, and --help does not need it
    from ..kube.client import ClusterUnknown, Way  # noqa: PLC0415
    from ..kube.lease import LeaseName  # noqa: PLC0415
    from ..kube.operating import Settings, own_identity  # noqa: PLC0415
    from ..logs import configure_logs  # noqa: PLC0415

    settings = Settings(
        namespaces=options.namespaces,
        lease=LeaseName(options.lease_namespace, options.lease),
        identity=own_identity(),
        host=options.host,
        port=options.port,
    )
    configure_logs()

    async def run() -> None:
        try:
            way = await Way.find(options.kubeconfig, options.context)
        except ClusterUnknown as error:
            raise Failure(f"no cluster to look after: {error}; give --kubeconfig", Exit.USAGE) from error
        await _until_told(settings, way)

    asyncio.run(run())
    return Exit.OK


async def _until_told(settings: "Settings", way: "Way") -> None:
    from ..kube.kopf_watch import WatchEnded  # noqa: PLC0415
    from ..kube.operating import operate  # noqa: PLC0415

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await operate(settings, way, stop)
    except WatchEnded as error:
        raise Failure(str(error), Exit.UNREACHABLE) from error
    except OSError as error:
        raise Failure(f"--host {settings.host!r} --port {settings.port}: {error}", Exit.USAGE) from error


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise argparse.ArgumentTypeError(f"{text!r} names no namespace")
    return names


COMMAND = Command("run", _DESCRIPTION, _configure, _execute)
