"""The services' READMEs name every setting, and none that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import shop_notifications
import shop_orders
import shop_payments
from shop_events.settings import ServiceSettings

SERVICES = Path(__file__).parents[3] / "services"


@pytest.mark.parametrize(
    ("service", "settings_class"),
    [
        ("orders", shop_orders.Settings),
        ("payments", shop_payments.Settings),
        ("notifications", shop_notifications.Settings),
    ],
)
def test_a_readme_has_the_settings_of_its_service(service: str, settings_class: type[ServiceSettings]) -> None:
    own = {name.upper() for name in settings_class.model_fields.keys() - ServiceSettings.model_fields.keys()}

    assert named(service, f"(?:{service.upper()}_|…)") == own


def test_the_shared_settings_are_described_once() -> None:
    redis = {f"REDIS_{name.upper()}" for name in ServiceSettings().redis.__class__.model_fields}
    own = {name.upper() for name in ServiceSettings.model_fields if name != "redis"}

    assert named("shop-events", "…") == redis | own


def named(member: str, prefix: str) -> set[str]:
    rows = [line for line in (SERVICES / member / "README.md").read_text().splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(rf"`{prefix}([A-Z_]+)`", row.split("|")[1])}
