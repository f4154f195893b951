"""The alerts fire when they should and are silent when they should be, by Prometheus' own judgement."""

from __future__ import annotations

import copy
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.helm import Chart
from tests.support.markdown import anchors
from tests.support.monitoring import RULES, alerts, expressions, metric_names, promtools, rules
from tests.support.repository import ROOT

GROUP = 'namespace="shops", name="payments", stream="orders", group="payments"'
C = "sluiceway_streamconsumer"
with_promtool = pytest.mark.parametrize("promtool", promtools())


@dataclass(frozen=True)
class Case:
    """Series of one sample a minute, and whether an alert fires at the end of 30 minutes."""

    alert: str
    what: str
    series: dict[str, str]
    fires: bool = True


def _of_group(**values: str) -> dict[str, str]:
    return {f"{C}_{name}{{{GROUP}}}": value for name, value in values.items()}


def _backlog(lag: int, replicas: int = 2) -> dict[str, str]:
    return _of_group(
        lag=f"{lag}x30",
        pending="0x30",
        replay="0x30",
        capacity_per_second="10x30",
        replicas=f"{replicas}x30",
        drain_target_seconds="10x30",
    )


NODE = 'server="redis://redis", node="redis:6379"'
CASES = [
    Case("BacklogBeyondServiceLevel", "twice the service level", _backlog(401)),
    Case("BacklogBeyondServiceLevel", "nobody works", _backlog(1, replicas=0)),
    Case("BacklogBeyondServiceLevel", "within twice the service level", _backlog(399), fires=False),
    Case("BacklogBeyondServiceLevel", "no work and no replicas", _backlog(0, replicas=0), fires=False),
    Case(
        "OldestEntryTooOld",
        "older than 15 minutes",
        _of_group(oldest_age_seconds="901x30", drain_target_seconds="10x30"),
    ),
    Case("OldestEntryTooOld", "no service level", _of_group(oldest_age_seconds="901x30")),
    Case(
        "OldestEntryTooOld",
        "the service level is long",
        _of_group(oldest_age_seconds="901x30", drain_target_seconds="100x30"),
        fires=False,
    ),
    Case("DeadLettersGrowing", "the operator sees more", _of_group(dead_letters="0x20 1x10")),
    Case(
        "DeadLettersGrowing",
        "a service counts more, while the stream of dead letters is full",
        {'sluiceway_dead_lettered_total{namespace="shops", stream="orders", group="payments"}': "0x20 3x10"},
    ),
    Case("DeadLettersGrowing", "many, and no more", _of_group(dead_letters="500x30"), fires=False),
    Case("DeadLettersGrowing", "put back", _of_group(dead_letters="5x20 0x10"), fires=False),
    Case("ConsumerDead", "silent", _of_group(consumers_silent="1x30")),
    Case("ConsumerDead", "a moment ago", _of_group(consumers_silent="0x28 1x2"), fires=False),
    Case("TrimmingPinned", "for an hour", {f'{C}_trim_pinned_seconds{{{GROUP}, pinned_by="audit"}}': "3000+60x30"}),
    Case(
        "TrimmingPinned",
        "a group is missing",
        {f'{C}_condition{{{GROUP}, type="Trimming", reason="GroupMissing"}}': "0x30"},
    ),
    Case(
        "TrimmingPinned",
        "no stream yet",
        {f'{C}_condition{{{GROUP}, type="Trimming", reason="NoStream"}}': "0x30"},
        fires=False,
    ),
    Case(
        "TrimmingPinned", "moving on", {f'{C}_trim_pinned_seconds{{{GROUP}, pinned_by="audit"}}': "60x30"}, fires=False
    ),
    Case("UnreadEntriesLost", "by the cap", _of_group(lost_total="0x25 7x5")),
    Case(
        "UnreadEntriesLost",
        "by a publisher",
        {'sluiceway_lost_to_max_length_total{namespace="shops", stream="orders", group="payments"}': "0x25 7x5"},
    ),
    Case("UnreadEntriesLost", "long ago", _of_group(lost_total="0x5 7x25"), fires=False),
    Case("NotReady", "for long", {f'{C}_condition{{{GROUP}, type="Ready", reason="NotFound"}}': "0x30"}),
    Case("NotReady", "ready", {f'{C}_condition{{{GROUP}, type="Ready", reason="AsAskedFor"}}': "1x30"}, fires=False),
    Case("ServerUnreachable", "no answer", {'sluiceway_redis_up{server="redis://redis"}': "0x30"}),
    Case("ServerUnreachable", "never asked", {}, fires=False),
    Case(
        "MemoryHigh",
        "81 %",
        {
            f"sluiceway_redis_memory_used_bytes{{{NODE}}}": "81x30",
            f"sluiceway_redis_memory_max_bytes{{{NODE}}}": "100x30",
        },
    ),
    Case("MemoryHigh", "no limit", {f"sluiceway_redis_memory_used_bytes{{{NODE}}}": "81x30"}, fires=False),
    Case("EvictionPolicy", "evicts", {f'sluiceway_redis_eviction_policy{{{NODE}, policy="allkeys-lru"}}': "1x30"}),
    Case(
        "EvictionPolicy",
        "does not",
        {f'sluiceway_redis_eviction_policy{{{NODE}, policy="noeviction"}}': "1x30"},
        fires=False,
    ),
    Case("NotSweeping", "nobody leads", {'sluiceway_operator_leading{pod="a"}': "0x30"}),
    Case("NotSweeping", "nobody is there", {}),
    Case(
        "NotSweeping",
        "stuck",
        {
            'sluiceway_operator_leading{pod="a"}': "1x30",
            'sluiceway_redis_sweep_age_seconds{server="redis://redis"}': "1+60x30",
        },
    ),
    Case(
        "NotSweeping",
        "one leads, one stands by",
        {
            'sluiceway_operator_leading{pod="a"}': "1x30",
            'sluiceway_operator_leading{pod="b"}': "0x30",
            'sluiceway_redis_sweep_age_seconds{server="redis://redis"}': "1x30",
        },
        fires=False,
    ),
]


def promtool_says(promtool: str, *words: str | Path) -> str:
    ended = subprocess.run([promtool, *words], capture_output=True, text=True, check=False, timeout=60)
    return "" if ended.returncode == 0 else ended.stdout + ended.stderr


@with_promtool
def test_prometheus_takes_the_rules(promtool: str) -> None:
    assert promtool_says(promtool, "check", "rules", RULES) == ""


@with_promtool
def test_prometheus_takes_every_expression_of_alerts_and_board(promtool: str, tmp_path: Path) -> None:
    recorded = [
        {"record": f"expression_{at}", "expr": expression} for at, expression in enumerate(expressions().values())
    ]
    file = tmp_path / "expressions.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": recorded}]}))

    assert len(recorded) > 40
    assert promtool_says(promtool, "check", "rules", file) == ""


@with_promtool
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}: {case.what}")
def test_an_alert_fires_exactly_when_it_should(promtool: str, case: Case, tmp_path: Path) -> None:
    name = f"Sluiceway{case.alert}"
    (rule,) = [copy.deepcopy(each) for each in alerts() if each["alert"] == name]
    # whether it fires is asked here, whatever it then says
    del rule["annotations"]
    rule["expr"] = f"count({rule['expr']}) > 0"
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "one", "rules": [rule]}]}))
    expected = [{"exp_labels": rule["labels"]}] if case.fires else []
    test: dict[str, Any] = {
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in case.series.items()],
        "alert_rule_test": [{"alertname": name, "eval_time": "30m", "exp_alerts": expected}],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": [test]}))

    assert promtool_says(promtool, "test", "rules", tmp_path / "test.yaml") == ""


def test_every_alert_is_seen_to_fire_and_to_be_silent() -> None:
    names = {alert["alert"].removeprefix("Sluiceway") for alert in alerts()}

    assert {case.alert for case in CASES if case.fires} == names
    assert {case.alert for case in CASES if not case.fires} == names


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_every_alert_has_a_runbook_that_begins_with_a_command(alert: dict[str, Any]) -> None:
    page = ROOT / alert["annotations"]["runbook_url"]

    text = page.read_text()
    assert page.name == f"{alert['alert']}.md"
    assert anchors(text) == {alert["alert"].lower()}
    assert "\nFirst:\n\n    " in text
    assert alert["annotations"]["summary"]
    assert alert["labels"]["severity"] in {"warning", "critical"}


def test_every_runbook_has_its_alert() -> None:
    pages = {page.stem for page in (ROOT / "docs/operations/runbooks").glob("*.md")}

    assert pages == {alert["alert"] for alert in alerts()}


def test_the_chart_s_rule_object_holds_the_file_with_complete_addresses() -> None:
    base = "https://git.example.com/sluiceway/"
    (rendered,) = [
        each
        for each in Chart("sluiceway").template("--set", f"alerts.enabled=true,alerts.runbookBase={base}")
        if each["kind"] == "PrometheusRule"
    ]

    expected = rules()
    for group in expected["groups"]:
        for rule in group["rules"]:
            rule["annotations"]["runbook_url"] = base + rule["annotations"]["runbook_url"]
    assert rendered["spec"] == expected


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('max by (namespace, le) (a_total{x="b_total"}) > 2 * on (x) c', {"a_total", "c"}),
        ("rate(a[5m]) or absent(b == bool 1)", {"a", "b"}),
        ("(a unless b) > clamp_min(10 * c, 900)", {"a", "b", "c"}),
    ],
)
def test_metrics_of_an_expression_are_told_from_its_other_words(expression: str, names: set[str]) -> None:
    assert metric_names(expression) == names
