"""The process behind `Interpreter`: reads blocks as lines of JSON, runs each as a part of `__main__`, and answers."""

from __future__ import annotations

import io
import json
import linecache
import os
import sys
import traceback
from contextlib import redirect_stdout
from types import ModuleType


def main() -> None:
    """Run blocks until there are no more."""
    # What other processes of a block write must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    page = ModuleType("__main__")
    sys.modules["__main__"] = page
    sys.path[0] = ""
    for request in sys.stdin:
        answers.write(json.dumps(_run(page, **json.loads(request))) + "\n")


def _run(page: ModuleType, source: str, file: str, line: int) -> dict[str, str]:
    printed = io.StringIO()
    error = told = ""
    # Tracebacks then show the page's own lines.
    text = "\n" * (line - 1) + source
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    try:
        with redirect_stdout(printed):
            exec(compile(text, file, "exec"), vars(page))
    except Exception as raised:  # noqa: BLE001 - whatever it is, the test compares it
        error = traceback.format_exception_only(raised)[-1].strip()
        told = traceback.format_exc()
    return {"printed": printed.getvalue(), "error": error, "traceback": told}


if __name__ == "__main__":
    main()
