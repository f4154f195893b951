"""`sluiceway-operator local`: the control loop without Kubernetes, on processes of this machine."""

import argparse
import asyncio
import os
from pathlib import Path

from ..local import Program, ProgramError, read_program
from .command import Command, positive
from .exits import Exit, Failure

__all__ = ["COMMAND"]

_URL_VARIABLE = "SLUICEWAY_REDIS_URL"

_DESCRIPTION = f"""\
Scales consumers by their backlog without Kubernetes: replicas are processes of this machine.

The files are those for a cluster, unchanged. What scaleTargetRef.name names is given with --program: each replica runs
that command, with its own name as POD_NAME, which is that of its consumer. Programs that listen need a free port (the
shop's services: PORT 0). A replica that ends by itself is started again after a pause that doubles from half a second;
one that is to go gets SIGTERM and, after the grace period, SIGKILL. Files that change are read again. Everything is
logged to standard error; with the operator, however it ends, its replicas end.

Manifests name servers of the cluster, and Secrets that are not here: {_URL_VARIABLE} or --redis-url takes all resources
to one server instead.

examples:
  sluiceway-operator local payments.yaml --program payments='python -m payments'
  sluiceway-operator local k8s/samples/payments.yaml --redis-url redis://127.0.0.1:6379 \\
    --program shop-payments='env PAYMENTS_PORT=0 python -m shop_payments' --logs logs --state state"""


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="YAML or JSON with StreamConsumers; other kinds are left alone",
    )
    parser.add_argument(
        "--program",
        dest="programs",
        metavar="NAME=COMMAND",
        action="append",
        required=True,
        type=_program,
        help="what a replica of the target NAME runs, quoted as for a shell; may be given several times",
    )
    parser.add_argument(
        "--redis-url",
        metavar="URL",
        help=f"server for all resources, instead of those that they name (default: ${_URL_VARIABLE})",
    )
    parser.add_argument(
        "--grace",
        metavar="SECONDS",
        type=positive,
        default=30,
        help="from SIGTERM to SIGKILL for a replica that goes (default: %(default)s)",
    )
    parser.add_argument("--logs", metavar="DIR", type=Path, help="a file for each replica's output (default: ours)")
    parser.add_argument("--state", metavar="DIR", type=Path, help="keep each resource's state there, as JSON")


def _execute(options: argparse.Namespace) -> Exit:
    # what this needs is slow to load, and --help does not need it
    from ..connection import read_url, split_login  # noqa: PLC0415
    from ..control import UrlServers  # noqa: PLC0415
    from ..local.files import ResourceFiles  # noqa: PLC0415
    from ..local.operator import LocalSettings, run  # noqa: PLC0415
    from ..local.servers import OneServer  # noqa: PLC0415
    from ..logs import configure_logs  # noqa: PLC0415
    from ..registry import Registry  # noqa: PLC0415

    names = [program.name for program in options.programs]
    if twice := {name for name in names if names.count(name) > 1}:
        raise Failure(f"--program: {', '.join(sorted(twice))} is given twice", Exit.USAGE)
    registry = Registry()
    files = ResourceFiles(options.files, registry)
    configure_logs()
    if findings := files.load():
        raise Failure("\n".join(["the files are wrong", *map(str, findings)]), Exit.USAGE)
    if not len(registry):
        raise Failure(f"no StreamConsumer in {', '.join(map(str, options.files))}", Exit.USAGE)
    targets = {resource.spec.scale_target_ref.name for resource in registry}
    if idle := sorted(set(names) - targets):
        known = ", ".join(sorted(targets))
        raise Failure(
            f"--program {idle[0]}: no scaleTargetRef.name in the files is {idle[0]}; there are: {known}", Exit.USAGE
        )
    if url := options.redis_url or os.environ.get(_URL_VARIABLE):
        try:
            read_url(split_login(url)[0])
        except ValueError as error:
            raise Failure(f"{'--redis-url' if options.redis_url else _URL_VARIABLE}: {error}", Exit.USAGE) from None
    servers = OneServer(url, UrlServers()) if url else UrlServers()
    settings = LocalSettings(options.programs, options.grace, options.state, options.logs)
    asyncio.run(run(settings, files, registry, servers))
    return Exit.OK


def _program(text: str) -> Program:
    try:
        return read_program(text)
    except ProgramError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


COMMAND = Command("local", _DESCRIPTION, _configure, _execute)
