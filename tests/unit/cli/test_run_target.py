"""What `run` accepts for a service."""

import pytest
from aiohttp import web

from sluiceway import Service
from sluiceway.cli.exits import Failure
from sluiceway.cli.run import application


def service() -> Service:
    return Service("payments", redis="redis://127.0.0.1:1/0")


def routes(app: web.Application) -> set[str]:
    return {resource.canonical for resource in app.router.resources()}


def test_a_service_gets_an_application_with_its_health_and_metrics() -> None:
    assert routes(application("m:service", service())) == {"/healthz", "/readyz", "/metrics"}


def test_an_application_is_taken_as_it_is() -> None:
    app = web.Application()

    assert application("m:app", app) is app
    assert application("m:create_app", lambda: app) is app


def test_a_function_may_return_a_service() -> None:
    assert "/readyz" in routes(application("m:create_service", service))


def test_a_function_that_wants_arguments_is_refused() -> None:
    def create_app(settings: object) -> web.Application:
        raise AssertionError(settings)

    with pytest.raises(Failure, match=r"without arguments .*'settings'"):
        application("m:create_app", create_app)


def test_a_function_that_fails_is_told_in_one_line() -> None:
    def create_app() -> web.Application:
        raise RuntimeError("no\ndisk")

    with pytest.raises(Failure, match=r"m:create_app\(\) failed: RuntimeError: no disk"):
        application("m:create_app", create_app)


def test_anything_else_is_refused() -> None:
    async def create_app() -> web.Application:
        raise AssertionError

    with pytest.raises(Failure, match="m:answer is a int: name a Service"):
        application("m:answer", 42)
    with pytest.raises(Failure, match="is a coroutine: name a Service"):
        application("m:create_app", create_app)
