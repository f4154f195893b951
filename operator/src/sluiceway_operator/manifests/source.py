"""YAML (and JSON) files as documents of plain values that remember on which line each field stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import yaml
from typing_extensions import override

__all__ = ["Document", "Path", "Unreadable", "read_documents"]

Path = tuple[str | int, ...]
"""The way to a field: names, and numbers of items."""


class Unreadable(Exception):
    """A text is no YAML that an API server would take.

    Args:
        message: What is wrong.
        line: Where, from 1.
    """

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a file.

    Args:
        file: The file's name.
        value: The object.
        lines: Line of each field, from 1.
    """

    file: str
    value: dict[str, Any]
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """Return the line of a field, or of what would hold it if it is absent."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    @property
    def subject(self) -> str:
        """Name the object: kind and name."""
        metadata = self.value.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        return f"{self.value.get('kind') or 'object'} {name or '(no name)'}"


class _Loader(yaml.SafeLoader):
    """Reads as the tools of Kubernetes do: no dates, no key twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # the library's own attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    @override
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        self.flatten_mapping(node)
        known: set[Any] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if name in known:
                raise yaml.MarkedYAMLError(problem=f"key {name!r} stands there twice", problem_mark=key.start_mark)
            known.add(name)
        return super().construct_mapping(node, deep)


def read_documents(text: str, file: str) -> list[Document]:
    """Read all objects of a text; those of a `List` are objects of their own.

    Args:
        text: YAML or JSON, several documents if it likes.
        file: Its name, for findings.

    Raises:
        Unreadable: It is no YAML, or one of its documents is no object.
    """
    try:
        return [each for value, lines in _documents(text) for each in _objects(value, lines, file)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(str(error.problem or error.context), mark.line + 1 if mark else 1) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise Unreadable(str(error), 1) from error


def _documents(text: str) -> Iterator[tuple[Any, dict[Path, int]]]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                lines: dict[Path, int] = {}
                _note_lines(node, (), node.start_mark.line + 1, lines)
                yield loader.construct_document(node), lines
    finally:
        loader.dispose()


def _note_lines(node: yaml.Node, path: Path, line: int, lines: dict[Path, int]) -> None:
    lines[path] = line
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _note_lines(value, (*path, str(key.value)), key.start_mark.line + 1, lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _note_lines(value, (*path, number), value.start_mark.line + 1, lines)


def _objects(value: Any, lines: dict[Path, int], file: str) -> Iterator[Document]:
    if value is None:
        return
    if not isinstance(value, dict):
        raise Unreadable(f"a document is {type(value).__name__}, not an object with apiVersion and kind", lines[()])
    items = value.get("items")
    if str(value.get("kind", "")).endswith("List") and isinstance(items, list):
        for number, item in enumerate(items):
            at: Path = ("items", number)
            inner = {path[2:]: line for path, line in lines.items() if path[:2] == at}
            yield from _objects(item, inner, file)
        return
    yield Document(file, value, MappingProxyType(lines))
