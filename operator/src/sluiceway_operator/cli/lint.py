"""`sluiceway-operator lint`: what the API server would refuse, and what it would take but should not stay so."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from ..manifests import (
    Document,
    Finding,
    Severity,
    StreamConsumerManifest,
    Unreadable,
    advise,
    check,
    is_stream_consumer,
    read_documents,
)
from .command import Command, add_json_option, positive
from .exits import Exit, Failure
from .output import show

__all__ = ["COMMAND"]

_STANDARD_INPUT = "-"

_DESCRIPTION = """\
Checks StreamConsumer manifests without a cluster: the schema and the rules that the API server holds them to.

An error is what the API server would refuse; the exit code is then 1. A warning is what it would take and what is
unwise all the same. Objects of other kinds may stand in the files, as in the output of a chart: of the workload that
a StreamConsumer scales it is told what goes against being scaled.

examples:
  sluiceway-operator lint payments.yaml
  helm template shop charts/shop | sluiceway-operator lint --handler-timeout 60 -
  sluiceway-operator lint --json k8s/*.yaml"""


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="YAML or JSON with any number of objects; -: standard input"
    )
    parser.add_argument(
        "--handler-timeout",
        metavar="SECONDS",
        type=positive,
        help="the longest that a handler may run: pods need 10 s more to end (default: not known, pods need 30 s)",
    )
    add_json_option(parser)


def _execute(options: argparse.Namespace) -> Exit:
    findings: list[Finding] = []
    documents: list[Document] = []
    for file in options.files:
        name = "standard input" if file == _STANDARD_INPUT else file
        try:
            documents += read_documents(_text(file), name)
        except Unreadable as error:
            findings.append(Finding(Severity.ERROR, name, error.line, "file", "", str(error)))
    good: list[StreamConsumerManifest] = []
    for document in filter(is_stream_consumer, documents):
        checked = check(document)
        if isinstance(checked, StreamConsumerManifest):
            good.append(checked)
        else:
            findings += checked
    findings += advise(good, documents, options.handler_timeout)
    consumers = sum(map(is_stream_consumer, documents))
    errors = sum(each.severity is Severity.ERROR for each in findings)
    warnings = len(findings) - errors
    summary = f"{_count(consumers, 'StreamConsumer')}, {_count(errors, 'error')}, {_count(warnings, 'warning')}"
    show(
        {"streamConsumers": consumers, "findings": [asdict(each) for each in findings]},
        [*map(str, findings), summary],
        as_json=options.json,
    )
    return Exit.FAILED if errors else Exit.OK


def _text(file: str) -> str:
    if file == _STANDARD_INPUT:
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise Failure(f"{file} cannot be read: {reason}", Exit.USAGE) from error


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


COMMAND = Command("lint", _DESCRIPTION, _configure, _execute)
