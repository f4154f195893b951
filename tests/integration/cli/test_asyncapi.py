"""`sluiceway asyncapi` writes the document of services; the shop's is kept under docs/."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from tests.support.asyncapi import faults
from tests.support.cli import Ended, sluiceway
from tests.support.repository import ROOT

SHOP = ("shop_orders:create_app", "shop_payments:create_app", "shop_notifications:create_app")
KEPT = ROOT / "docs/asyncapi/shop.yaml"
MODULE = """
from aiohttp import web
from sluiceway import Event, Service

class Paid(Event, type="PAID"):
    order_id: str

service = Service("payments", "redis://127.0.0.1:1")

@service.on(Paid, stream="payments")
async def note(paid: Paid) -> None: ...

app = web.Application()
service.attach(app)
bare = web.Application()
number = 7
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(MODULE)
    return tmp_path


def asyncapi(folder: Path, *arguments: str) -> Ended:
    return sluiceway("redis://127.0.0.1:1", "asyncapi", *arguments, cwd=folder)


def test_the_shop_s_document_is_valid_and_as_it_is_kept(tmp_path: Path) -> None:
    ended = asyncapi(tmp_path, *SHOP, "--title", "Shop")

    assert ended.code == 0, ended
    assert faults(yaml.safe_load(ended.out)) == []
    assert ended.out == KEPT.read_text(), (
        f"write it anew: sluiceway asyncapi {' '.join(SHOP)} --title Shop --output {KEPT}"
    )


@pytest.mark.parametrize("name", ["service", "app"])
def test_json_and_yaml_are_the_same_document(folder: Path, name: str) -> None:
    as_json, as_yaml = asyncapi(folder, f"shop:{name}", "--json"), asyncapi(folder, f"shop:{name}")

    assert as_json.document == yaml.safe_load(as_yaml.out)
    assert as_json.document["info"] == {**as_json.document["info"], "title": "payments", "version": "1.0.0"}
    assert list(as_json.document["operations"]) == ["payments.receive.payments"]


def test_it_is_written_to_a_file_that_is_named(folder: Path) -> None:
    ended = asyncapi(folder, "shop:service", "--json", "--api-version", "2.0.0", "--output", "docs/payments.json")

    assert (ended.code, ended.out, ended.err) == (0, "", "docs/payments.json\n")
    assert json.loads((folder / "docs/payments.json").read_text())["info"]["version"] == "2.0.0"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("shop:number",), 2, ("shop:number is a int",)),
        (("shop:bare",), 2, ("shop:bare", "no service is attached")),
        (("shop:nothing",), 2, ("has no 'nothing'",)),
        (("shop:service", "shop:app"), 2, ("two services are named payments",)),
        (("shop:service", "--output", "shop.py/document.yaml"), 1, ("cannot write", "choose another --output")),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
def test_what_cannot_be_described_is_said(
    folder: Path, arguments: tuple[str, ...], code: int, words: tuple[str, ...]
) -> None:
    asyncapi(folder, *arguments).failed(code, *words)
