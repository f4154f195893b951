"""The chart's alerts and dashboards as data: expressions, and the metrics that they use."""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

import yaml

from .helm import CHARTS

__all__ = ["RULES", "alerts", "board", "expressions", "metric_names", "promtools", "rules"]

RULES = CHARTS / "sluiceway/alerts/sluiceway.yaml"
_BOARD = CHARTS / "sluiceway/dashboards/sluiceway.json"
_STRINGS = re.compile(r'"[^"]*"')
_LABELS = re.compile(r"\{[^}]*\}|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_WORD = re.compile(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()")
_KEYWORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring"}
_DURATION = re.compile(r"\[[^\]]*\]")


def promtools() -> list[str]:
    """Prometheus' own tool, if this machine has it."""
    found = shutil.which("promtool")
    return [found] if found else []


def rules() -> dict[str, Any]:
    """The rule file."""
    content: dict[str, Any] = yaml.safe_load(RULES.read_text())
    return content


def alerts() -> list[dict[str, Any]]:
    """All alerts."""
    return [rule for group in rules()["groups"] for rule in group["rules"]]


def board() -> dict[str, Any]:
    """The dashboard."""
    content: dict[str, Any] = json.loads(_BOARD.read_text())
    return content


def expressions() -> dict[str, str]:
    """Every expression of the alerts and the board, by where it is; variables of Grafana have a value."""
    found = {f"alert {alert['alert']}": alert["expr"] for alert in alerts()}
    for panel in board()["panels"]:
        for target in panel.get("targets", ()):
            found[f"panel {panel['title']} {panel['id']}{target['refId']}"] = _with_values(target["expr"])
    return found


def metric_names(expression: str) -> set[str]:
    """The metrics that an expression uses: its words that are no function, no keyword and no label."""
    bare = _DURATION.sub("", _LABELS.sub("", _STRINGS.sub('""', expression)))
    return {word for word in _WORD.findall(bare) if word not in _KEYWORDS and not word.isdigit()}


def _with_values(expression: str) -> str:
    return re.sub(r"\$(\w+)", ".*", expression.replace("$__rate_interval", "5m"))
