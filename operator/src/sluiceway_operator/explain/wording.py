"""An explanation as lines of text and as a JSON document."""

import math
from datetime import datetime
from typing import Any

from ..resource import Accuracy, Mode
from .explanation import Explanation

__all__ = ["explanation_document", "explanation_text"]


def explanation_text(explanation: Explanation, now: datetime) -> list[str]:
    """Return the lines that a person reads.

    Args:
        explanation: The explanation.
        now: The time.
    """
    account, spec = explanation.account, explanation.account.spec
    target = f"{spec.scale_target_ref.kind} {spec.scale_target_ref.name}"
    lines = [
        f"{account.namespace}/{account.name}: group {spec.group.name} of stream {spec.stream}, run by {target}",
        "",
        f"{_replicas(explanation)}",
        f"  {explanation.why}",
        *_inputs(explanation),
        *_formula(explanation),
        "",
        "limits",
        *(f"  {limit}" for limit in explanation.limits),
    ]
    if explanation.problems:
        lines += ["", "problems", *(f"  {problem}" for problem in explanation.problems)]
    if explanation.decisions:
        lines += ["", "latest changes"]
        lines += [f"  {_ago(note.time, now)}: {note.message}" for note in explanation.decisions]
    elif (last := account.status and account.status.last_decision) and last.time is not None:
        lines += ["", "latest change", f"  {_ago(last.time, now)}: {last.desired_replicas} replicas, {last.message}"]
    return lines


def explanation_document(explanation: Explanation) -> dict[str, Any]:
    """Return the same as JSON."""
    account = explanation.account
    spec, status = account.spec, account.status
    dumped = {} if status is None else status.model_dump(mode="json", by_alias=True, exclude_none=True)
    formula = explanation.formula
    return {
        "namespace": account.namespace,
        "name": account.name,
        "stream": spec.stream,
        "group": spec.group.name,
        "target": spec.scale_target_ref.model_dump(by_alias=True),
        "mode": spec.scaling.mode,
        "why": explanation.why,
        "replicas": dumped.get("replicas"),
        "backlog": dumped.get("backlog"),
        "rates": dumped.get("rates"),
        "formula": formula and formula.text,
        "formulaResult": formula.result if formula is not None and math.isfinite(formula.result) else None,
        "scaling": spec.scaling.model_dump(mode="json", by_alias=True, exclude_none=True),
        "limits": list(explanation.limits),
        "problems": list(explanation.problems),
        "changes": [{"time": note.time.isoformat(), "message": note.message} for note in explanation.decisions],
    }


def _replicas(explanation: Explanation) -> str:
    account = explanation.account
    replicas = account.status.replicas if account.status else None
    if replicas is None or replicas.current is None:
        return "replicas: not known"
    text = f"{replicas.current} replica{'' if replicas.current == 1 else 's'}"
    if replicas.desired is not None and replicas.desired != replicas.current:
        how = "would have (scaling.mode is Recommend)" if account.spec.scaling.mode is Mode.RECOMMEND else "shall have"
        text += f", {how} {replicas.desired}"
    return f"{text}: {replicas.reason}" if replicas.reason else text


def _inputs(explanation: Explanation) -> list[str]:
    status, scaling = explanation.account.status, explanation.account.spec.scaling
    if status is None or status.backlog is None:
        return []
    backlog, rates = status.backlog, status.rates
    lag, pending = backlog.lag or 0, backlog.pending or 0
    known = {
        Accuracy.EXACT: "",
        Accuracy.ESTIMATED: " at least",
        Accuracy.UNKNOWN: " when it was last known; now it is not",
    }[backlog.accuracy or Accuracy.EXACT]
    lines = ["", "inputs", f"  backlog      {lag} undelivered + {pending} in work = {lag + pending}{known}"]
    if backlog.oldest_age_seconds:
        lines.append(f"  oldest       {backlog.oldest_age_seconds} s old")
    if rates is not None and scaling.target.drain_seconds is not None:
        lines.append(f"  arrivals     {rates.arrivals_per_second or 0}/s")
        capacity = rates.per_replica_per_second
        observed = f"{capacity}/s observed" if capacity else "less than 1/s observed"
        if capacity is None:
            observed = f"{scaling.initial_capacity_per_replica}/s assumed (initialCapacityPerReplica)"
        lines.append(f"  per replica  {observed}")
    if backlog.dead_letters:
        lines.append(f"  (dead letters are no backlog: {backlog.dead_letters})")
    return lines


def _formula(explanation: Explanation) -> list[str]:
    formula, status = explanation.formula, explanation.account.status
    wanted = status.replicas.wanted if status is not None and status.replicas is not None else None
    if formula is None:
        return []
    drain = explanation.account.spec.scaling.target.drain_seconds
    title = "what the load asks for" + (
        f", to work it off within {drain} s: (arrivals + backlog / drainSeconds) / capacity"
        if drain
        else ": backlog / backlogPerReplica"
    )
    result = f" = {formula.result:.4g}" if math.isfinite(formula.result) else ""
    rounded = f", rounded up: {wanted}" if wanted is not None else ""
    return ["", title, f"  {formula.text}{result}{rounded}"]


def _ago(time: datetime, now: datetime) -> str:
    seconds = max((now - time).total_seconds(), 0)
    if seconds < 120:
        return f"{seconds:.0f} s ago"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min ago"
    return time.isoformat(timespec="seconds")
