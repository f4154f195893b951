"""`sluiceway asyncapi`: write the AsyncAPI document of services."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from typing_extensions import override

from ..asyncapi import document
from ..errors import ConfigurationError
from ..service import Service
from .command import Command, add_json_option, not_empty
from .exits import Exit, Failure
from .loading import load_object
from .output import note
from .run import application

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "references",
        metavar="MODULE:NAME",
        nargs="+",
        help="a Service, an aiohttp application that one is attached to, or a function that returns one of them",
    )
    parser.add_argument("--title", type=not_empty, help="the document's title (default: the services' names)")
    parser.add_argument(
        "--api-version", metavar="VERSION", type=not_empty, default="1.0.0", help="default: %(default)s"
    )
    parser.add_argument("--output", metavar="FILE", type=Path, help="where to write it (default: standard output)")
    add_json_option(parser)


def _execute(options: argparse.Namespace) -> Exit:
    services = [_service(reference, load_object(reference, "service")) for reference in options.references]
    title = options.title or ", ".join(service.name for service in services)
    try:
        made = document(services, title=title, version=options.api_version)
    except ConfigurationError as error:
        raise Failure(str(error), Exit.USAGE) from error
    text = f"{json.dumps(made, ensure_ascii=False, indent=2)}\n" if options.json else _yaml(made)
    if options.output is None:
        sys.stdout.write(text)
        return Exit.OK
    try:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot write {options.output}: {error.strerror or error}; choose another --output") from error
    note(str(options.output))
    return Exit.OK


def _service(reference: str, found: Any) -> Service:
    if isinstance(found, Service):
        return found
    from ..web import SERVICE  # noqa: PLC0415  # only an application needs aiohttp

    app = application(reference, found)
    if SERVICE not in app:
        raise Failure(f"{reference}: no service is attached to this application (service.attach(app))", Exit.USAGE)
    return app[SERVICE]


def _yaml(made: dict[str, Any]) -> str:
    if importlib.util.find_spec("yaml") is None:
        raise Failure("YAML needs PyYAML: pip install 'sluiceway[cli]', or ask for --json", Exit.USAGE)
    import yaml  # noqa: PLC0415  # optional: the extra `cli`

    class Plain(yaml.SafeDumper):
        """Writes what appears twice twice: an anchor would help no reader."""

        @override
        def ignore_aliases(self, data: Any) -> bool:
            return True

    text: str = yaml.dump(made, Dumper=Plain, sort_keys=False, allow_unicode=True, width=120)
    return text


COMMAND = Command(
    "asyncapi",
    """Write the AsyncAPI 3.0 document of one or more services: streams as channels, what each service sends and receives,
payloads as JSON schemas. Neither a server nor a running service is needed.

Known are the events that handlers take and are annotated to return, and those named in service.publisher(…, events=[…]).

examples:
  sluiceway asyncapi shop.payments:service
  sluiceway asyncapi shop.orders:create_app shop.payments:create_app --title Shop --output docs/shop.yaml
  sluiceway asyncapi shop.payments:service --json | jq .channels""",
    _configure,
    _execute,
)
