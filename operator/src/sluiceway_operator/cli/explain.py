"""`sluiceway-operator explain`: why a consumer has the size that it has."""

import argparse
import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..explain import Account, explain, explanation_text, read_account
from ..explain.wording import explanation_document
from .command import Command, add_json_option
from .exits import Exit, Failure
from .output import show

if TYPE_CHECKING:
    from ..kube import ApiFault

__all__ = ["COMMAND"]

_DESCRIPTION = """\
Tells why a consumer has the size that it has: what was seen, the formula with its numbers, the limits, and the latest
changes.

It reads the StreamConsumer and its events, nothing else, so the right to view is enough.

examples:
  sluiceway-operator explain payments
  sluiceway-operator explain payments --namespace shop --context staging
  sluiceway-operator explain payments --state .sluiceway
  sluiceway-operator explain payments --json"""

_NOT_FOUND = 404
_DEFAULT_NAMESPACE = "default"
"""Of what names none, as for kubectl."""


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="of the StreamConsumer")
    parser.add_argument("-n", "--namespace", metavar="NAME", help="where it is (default: that of the context)")
    parser.add_argument("--context", metavar="NAME", help="of the kubeconfig (default: the current one)")
    parser.add_argument("--kubeconfig", metavar="FILE", help="(default: $KUBECONFIG, else ~/.kube/config)")
    parser.add_argument(
        "--state",
        metavar="DIR",
        type=Path,
        help="folder that `sluiceway-operator local --state` writes: no cluster is asked",
    )
    add_json_option(parser)


def _execute(options: argparse.Namespace) -> Exit:
    try:
        account = _from_state(options) if options.state else asyncio.run(_from_cluster(options))
    except ValueError as error:
        raise Failure(
            f"{options.name} cannot be understood, is this command as new as the operator? {error}"
        ) from error
    now = datetime.now(UTC)
    explanation = explain(account, now)
    show(explanation_document(explanation), explanation_text(explanation, now), as_json=options.json)
    return Exit.OK


def _from_state(options: argparse.Namespace) -> Account:
    folder: Path = options.state
    file = folder / f"{options.namespace or _DEFAULT_NAMESPACE}.{options.name}.json"
    try:
        return read_account(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        known = sorted(each.stem for each in folder.glob("*.json"))
        raise Failure(f"{file} does not exist; in {folder} there is {', '.join(known) or 'nothing'}") from None
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}", Exit.USAGE) from error


async def _from_cluster(options: argparse.Namespace) -> Account:
    from kubernetes.aio import config  # noqa: PLC0415  # slow to load, and not needed with --state

    from ..kube import Api, ApiFault, fetch_account  # noqa: PLC0415

    try:
        contexts, current = config.list_kube_config_contexts(options.kubeconfig)  # type: ignore[no-untyped-call]
        client = await config.new_client_from_config(options.kubeconfig, context=options.context)  # type: ignore[no-untyped-call]
    except (config.ConfigException, OSError) as error:
        raise Failure(
            f"no cluster to ask: {error}; give --kubeconfig, or --state for an operator without one", Exit.USAGE
        ) from error
    chosen = next((each for each in contexts if each["name"] == options.context), current)
    namespace = options.namespace or chosen["context"].get("namespace") or _DEFAULT_NAMESPACE
    async with client:
        try:
            return await fetch_account(Api(client), namespace, options.name)
        except ApiFault as fault:
            raise _failure(fault, namespace, options.name) from fault


def _failure(fault: "ApiFault", namespace: str, name: str) -> Failure:
    if fault.status == _NOT_FOUND:
        return Failure(
            f"there is no StreamConsumer {name} in namespace {namespace} ({fault}); `kubectl get strc -A` lists all"
        )
    return Failure(str(fault), Exit.FAILED if fault.status else Exit.UNREACHABLE)


COMMAND = Command("explain", _DESCRIPTION, _configure, _execute)
