"""Whether the API server would take a StreamConsumer, and what it would say.

The models are the CRD's schema and rules once more (a test holds the two together), so they judge here too; what the
API server does before it validates, and what it checks of every object, is added. A test asks a real API server about
the same manifests.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ..resource import StreamConsumerSpec
from .finding import Finding, Severity
from .source import Document, Path

__all__ = ["API_VERSION", "KIND", "StreamConsumerManifest", "check", "is_stream_consumer"]

GROUP = "sluiceway.dev"
API_VERSION = f"{GROUP}/v1alpha1"
KIND = "StreamConsumer"

_FIELDS = {"apiVersion", "kind", "metadata", "spec", "status"}
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
"""RFC 1123 subdomain, as the API server asks of names."""
_LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class StreamConsumerManifest:
    """A StreamConsumer that is right.

    Args:
        namespace: Where it goes; "" if the manifest leaves that to whoever applies it.
        name: What it is called.
        spec: What it asks for, defaults filled in.
        document: Where it stands.
    """

    namespace: str
    name: str
    spec: StreamConsumerSpec
    document: Document


def is_stream_consumer(document: Document) -> bool:
    """Tell whether a document is meant to be one, in whatever version."""
    version = str(document.value.get("apiVersion", ""))
    return version.partition("/")[0] == GROUP and document.value.get("kind") == KIND


def check(document: Document) -> StreamConsumerManifest | list[Finding]:
    """Check one StreamConsumer as the API server would.

    Args:
        document: The object.

    Returns:
        It, understood; or all that is wrong with it.
    """
    problems = [*_head(document), *_metadata(document)]
    spec: StreamConsumerSpec | None = None
    given = document.value.get("spec")
    if given is None:
        problems.append((("spec",), "is required"))
    elif not isinstance(given, dict):
        problems.append((("spec",), f"must be an object, not {_json_type(given)}"))
    else:
        try:
            # as JSON, since there texts are no numbers, and words of an enumeration are just words
            spec = StreamConsumerSpec.model_validate_json(json.dumps(_as_stored(given)), strict=True)
        except ValidationError as error:
            problems += [(("spec", *each["loc"]), _sentence(each)) for each in error.errors(include_url=False)]
    if problems or spec is None:
        return [
            Finding(Severity.ERROR, document.file, document.line(path), document.subject, dotted(path), message)
            for path, message in problems
        ]
    metadata = document.value["metadata"]
    return StreamConsumerManifest(metadata.get("namespace") or "", metadata.get("name") or "", spec, document)


def dotted(path: Path) -> str:
    """Return the way to a field as Kubernetes writes it: `spec.items[0].name`."""
    text = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)
    return text.removeprefix(".")


def _head(document: Document) -> Iterator[tuple[Path, str]]:
    version = document.value.get("apiVersion")
    if version != API_VERSION:
        yield ("apiVersion",), f"{version!r} is not served, write {API_VERSION}"
    for name in document.value.keys() - _FIELDS:
        yield (str(name),), f"there is no such field; an object has {', '.join(sorted(_FIELDS))}"


def _metadata(document: Document) -> Iterator[tuple[Path, str]]:
    metadata = document.value.get("metadata")
    if not isinstance(metadata, dict):
        yield ("metadata",), "is required, with a name"
        return
    name = metadata.get("name")
    if name is None and metadata.get("generateName"):
        return
    if not isinstance(name, str) or not name:
        yield ("metadata", "name"), "is required"
    elif len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        rule = (
            f"lower case letters, digits, - and ., {_LONGEST_NAME} at most, beginning and ending with a letter or digit"
        )
        yield ("metadata", "name"), f"{name!r} is no name: {rule}"


def _as_stored(value: Any) -> Any:
    """Return a value as the API server has it before it validates: nulls are absent fields, 5.0 is 5."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {str(name): _as_stored(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_as_stored(each) for each in value]
    return value


def _sentence(error: Any) -> str:
    """Say what pydantic found in words that fit behind a field's name."""
    kind, message = error["type"], str(error["msg"])
    if kind == "extra_forbidden":
        return "there is no such field"
    if kind == "missing":
        return "is required"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    value = error["input"]
    if isinstance(value, str | int | float | bool):
        return f"{json.dumps(value)} is wrong, {message}"
    return message


def _json_type(value: Any) -> str:
    return {list: "a list", str: "a text", bool: "a boolean"}.get(type(value), "a number")
