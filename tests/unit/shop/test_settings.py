"""Settings come from variables of the service's own prefix, and a bad one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

import shop_notifications
import shop_orders
import shop_payments
from shop_events.settings import ServiceSettings

SERVICES = [
    pytest.param(shop_orders.Settings, "ORDERS_", id="orders"),
    pytest.param(shop_payments.Settings, "PAYMENTS_", id="payments"),
    pytest.param(shop_notifications.Settings, "NOTIFICATIONS_", id="notifications"),
]


@pytest.mark.parametrize("settings_class", [shop_orders.Settings, shop_payments.Settings, shop_notifications.Settings])
def test_a_service_starts_with_nothing_set(settings_class: type[ServiceSettings]) -> None:
    settings = settings_class.load()

    assert settings.redis.url == "redis://127.0.0.1:6379/0"
    assert settings.host == "127.0.0.1"


@pytest.mark.parametrize(("settings_class", "prefix"), SERVICES)
def test_how_the_server_is_reached_is_told_by_variables(
    settings_class: type[ServiceSettings], prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{prefix}REDIS_URL", "rediss://store:7000")
    monkeypatch.setenv(f"{prefix}REDIS_USERNAME", "shop")
    monkeypatch.setenv(f"{prefix}REDIS_PASSWORD_FILE", "/run/secrets/password")
    monkeypatch.setenv(f"{prefix}REDIS_TLS_CA_FILE", "/run/secrets/ca.pem")
    monkeypatch.setenv(f"{prefix}REDIS_TLS_CHECK_HOST_NAME", "false")
    monkeypatch.setenv(f"{prefix}REDIS_REPLICAS", "1")

    redis = settings_class.load().redis

    assert (redis.username, redis.password_file) == ("shop", Path("/run/secrets/password"))
    assert (redis.tls_ca_file, redis.tls_check_host_name) == (Path("/run/secrets/ca.pem"), False)
    assert redis.replicas == 1


def test_a_file_for_tls_without_tls_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ORDERS_REDIS_TLS_CA_FILE", "ca.pem")

    with pytest.raises(SystemExit):
        shop_orders.Settings.load()

    assert "tls_ca_file: only used with TLS" in capsys.readouterr().err


@pytest.mark.parametrize(("settings_class", "prefix"), SERVICES)
def test_variables_with_the_prefix_count(
    settings_class: type[ServiceSettings], prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{prefix}REDIS_URL", "redis://store:7000/3")
    monkeypatch.setenv(f"{prefix}REDIS_TIMEOUT_SECONDS", "4.5")
    monkeypatch.setenv(f"{prefix}PORT", "9000")
    monkeypatch.setenv(f"{prefix}STREAM_PREFIX", "demo:")
    monkeypatch.setenv(f"{prefix}TRIM_KEEP", "none")

    settings = settings_class.load()

    assert (settings.redis.url, settings.redis.timeout_seconds) == ("redis://store:7000/3", 4.5)
    assert (settings.port, settings.streams.orders, settings.trim_keep) == (9000, "demo:orders", None)


@pytest.mark.parametrize(("settings_class", "prefix"), SERVICES)
def test_every_bad_variable_is_named_and_the_exit_code_is_2(
    settings_class: type[ServiceSettings],
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"{prefix}PORT", "99999")
    monkeypatch.setenv(f"{prefix}LEASE_SECONDS", "soon")
    monkeypatch.setenv(f"{prefix}REDIS_TIMEOUT_SECONDS", "-1")
    monkeypatch.setenv(f"{prefix}STREAM_PREFIX", "{a b}")

    with pytest.raises(SystemExit) as end:
        settings_class.load()

    assert end.value.code == 2
    named = {line.partition(":")[0] for line in capsys.readouterr().err.splitlines()}
    assert named == {f"{prefix}{name}" for name in ("PORT", "LEASE_SECONDS", "REDIS_TIMEOUT_SECONDS", "STREAM_PREFIX")}


@pytest.mark.parametrize(("settings_class", "prefix"), SERVICES)
@pytest.mark.parametrize("url", ["http://store", "redis+sentinel://one/shop", "redis+cluster://one"])
def test_a_server_address_that_the_shop_cannot_use_is_named(
    url: str,
    settings_class: type[ServiceSettings],
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"{prefix}REDIS_URL", url)

    with pytest.raises(SystemExit) as end:
        settings_class.load()

    assert end.value.code == 2
    assert capsys.readouterr().err.startswith(f"{prefix}REDIS_URL: ")


def test_a_password_is_neither_shown_by_the_settings_nor_by_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ORDERS_REDIS_PASSWORD", "s3cret")
    shown = repr(shop_orders.Settings.load())
    monkeypatch.setenv("ORDERS_REDIS_USERNAME", "u")
    monkeypatch.setenv("ORDERS_REDIS_PASWORD", "s3cret")
    with pytest.raises(SystemExit):
        shop_orders.Settings.load()

    assert "s3cret" not in shown + capsys.readouterr().err
