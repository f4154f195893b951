"""Errors as RFC 9457 problem documents, whatever raised them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Annotated, Any

import structlog
from aiohttp import web
from pydantic import BaseModel, Field, ValidationError
from redis.exceptions import RedisError

from sluiceway import PublishError, Unavailable

__all__ = ["FieldError", "Problem", "ProblemError", "invalid_fields", "of_validation", "problem_middleware"]

_MOST_ERRORS = 100
_LONGEST_VALUE = 200

log = structlog.get_logger(__name__)


class FieldError(BaseModel):
    """One thing wrong with a request."""

    field: Annotated[str, Field(description="Where: `items[2].quantity`, or a header's name.")]
    value: Annotated[Any, Field(description="What was sent; long values are cut short.")]
    allowed: Annotated[str, Field(description="What would be right.")]


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


class ProblemError(Exception):
    """Ends a request with a problem document.

    Args:
        problem: The document.
        headers: Further headers of the response.
    """

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.headers = dict(headers or {})


def invalid_fields(errors: Iterable[FieldError], *, title: str = "Invalid order", status: int = 422) -> ProblemError:
    """Return the answer to a request that says things it may not say."""
    listed = list(errors)
    shown = listed[:_MOST_ERRORS]
    detail = f"{len(listed)} thing(s) to correct: {', '.join(error.field for error in shown[:10])}"
    if len(listed) > 10:
        detail += ", …"
    return ProblemError(
        Problem(type="urn:problem:invalid-order", title=title, status=status, detail=detail, errors=shown)
    )


def of_validation(error: ValidationError) -> ProblemError:
    """Return the answer to a body that is no order."""
    found = error.errors(include_url=False)
    if found[0]["type"] == "json_invalid":
        return ProblemError(
            Problem(
                type="urn:problem:invalid-json",
                title="Invalid JSON",
                status=400,
                detail=f"the body must be a JSON object in UTF-8: {found[0]['msg']}",
            )
        )
    locations = [each["loc"] for each in found]
    return invalid_fields(
        FieldError(
            field=_path(each["loc"]),
            value=None if each["type"] == "missing" else _presentable(each["input"]),
            allowed="no such field" if each["type"] == "extra_forbidden" else each["msg"],
        )
        for each in found
        # a list whose items are all wrong is also reported as too short, which is not what is wrong with it
        if not (each["type"] == "too_short" and any(_inside(other, each["loc"]) for other in locations))
    )


@web.middleware
async def problem_middleware(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn every error into a problem document. An event store that cannot work is 503, never 500."""
    try:
        return await handler(request)
    except ProblemError as error:
        return _response(error.problem, error.headers)
    except ValidationError as error:
        return _response(of_validation(error).problem, {})
    except (PublishError, RedisError, TimeoutError) as error:
        seconds = error.retry_after_seconds if isinstance(error, Unavailable) else 2
        log.warning("Event store unavailable", path=request.path, error=str(error) or type(error).__name__)
        return _response(
            Problem(
                type="urn:problem:store-unavailable",
                title="Service Unavailable",
                status=503,
                detail=f"the event store cannot take this now; try again in {seconds} s "
                "(with the same Idempotency-Key, so that nothing is ordered twice)",
            ),
            {"Retry-After": str(seconds)},
        )
    except web.HTTPException as error:
        if error.status < 400:
            raise
        headers = {name: value for name, value in error.headers.items() if name != "Content-Type"}
        detail = f"{request.method} {request.path}: {error.text or error.reason}"
        return _response(Problem(title=error.reason, status=error.status, detail=detail), headers)
    except Exception:
        log.exception("Request failed", path=request.path)
        return _response(
            Problem(title="Internal Server Error", status=500, detail="a fault of ours; it has been logged"), {}
        )


def _response(problem: Problem, headers: Mapping[str, str]) -> web.Response:
    return web.Response(
        status=problem.status,
        body=problem.model_dump_json(exclude_defaults=False).encode(),
        content_type="application/problem+json",
        headers=headers,
    )


def _inside(location: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    return len(location) > len(outer) and location[: len(outer)] == outer


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".") or "(body)"


def _presentable(value: Any) -> Any:
    """Return a value as it can stand in a reply: valid JSON, and short."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        text = repr(value)
        value = text
    return value if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
