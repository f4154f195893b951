"""Finds an object that is named as `module:name`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .exits import Exit, Failure

__all__ = ["load_object", "said"]


def load_object(reference: str, what: str) -> Any:
    """Import a module, which may lie in the working directory, and return what it holds under a name.

    Args:
        reference: `module:name`, dots allowed in both.
        what: What is expected, for messages: "service", "event class".

    Raises:
        Failure: There is no such module or name, or importing the module failed.
    """
    module_name, colon, path = reference.partition(":")
    if not (colon and _dotted(module_name) and _dotted(path)):
        raise Failure(f"{reference!r} names no {what}: write module:name, such as shop.payments:service", Exit.USAGE)
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    found: Any = _import(module_name)
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise Failure(f"{reference}: module {module_name} has no {path!r}{_offer(found)}", Exit.USAGE) from None
    return found


def _dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _import(module_name: str) -> Any:
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
            raise Failure(
                f"there is no module {error.name!r} in the working directory or among the installed packages: "
                "change there, install it, or set PYTHONPATH",
                Exit.USAGE,
            ) from None
        raise _broken(module_name, error) from error
    except Exception as error:
        raise _broken(module_name, error) from error


def _broken(module_name: str, error: Exception) -> Failure:
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{error.filename}:{error.lineno}"
    else:
        where = f"{frames[-1].filename}:{frames[-1].lineno}"
        outside = [frame for frame in frames if not frame.filename.startswith(("<frozen", __file__))]
        if outside:
            where = f"{outside[-1].filename}:{outside[-1].lineno}"
    return Failure(f"importing {module_name} failed: {said(error)} ({where})")


def said(error: Exception) -> str:
    """Return an error's class and words in one line. What a model was given is left out: settings hold passwords."""
    if isinstance(error, ValidationError):
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        words = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'value'}: {each['msg']}" for each in problems)
    else:
        words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}"


def _offer(holder: object) -> str:
    names = [name for name in vars(holder) if not name.startswith("_")][:12] if hasattr(holder, "__dict__") else []
    return f"; it has {', '.join(names)}" if names else ""
