"""The outcome in words, for the person who watched."""

from shop_demo.exits import Exit
from shop_demo.latency import LatencySummary
from shop_demo.outcome import Outcome


def describe(outcome: Outcome) -> str:
    """Write the report of a run.

    Args:
        outcome: what the run came to.

    Returns:
        the text, some lines of at most 80 columns where the figures allow it.
    """
    account = outcome.account
    lines = [
        f"{account.orders_accepted} orders were accepted over HTTP in {outcome.seconds:.1f} s.",
        f"  payments       {account.payments_completed} completed, {account.payments_failed} declined",
        f"  messages       {account.notifications_sent} sent",
        f"  dead letters   {account.dead_letters}",
        f"  lost           {account.lost}",
        f"  doubled        {account.duplicate_effects}",
        f"  processes      payments {_replicas(outcome)}",
        f"  throughput        {outcome.throughput_per_s:.0f} settled per second",
        f"  order to message  {_milliseconds(outcome.latency)}",
        f"  POST to 202       {_milliseconds(outcome.post['before'])}",
        "",
        *_verdict(outcome),
    ]
    return "\n".join(lines)


def _verdict(outcome: Outcome) -> list[str]:
    account = outcome.account
    lines: list[str] = []
    if account.balanced and not outcome.unread and account.orders_accepted:
        lines += [
            "PROVEN: every accepted order has exactly one settled payment and one message,",
            "counted in the provider's record, the message sink's record and the streams.",
        ]
    if account.lost:
        lines.append(f"BROKEN: {account.lost} accepted orders lack exactly one settled payment and one message.")
    if account.duplicate_effects:
        lines.append(f"BROKEN: {account.duplicate_effects} effects happened once too often.")
    if outcome.unread:
        lines.append(f"UNKNOWN: {outcome.unread} entries were trimmed before the demo had read them.")
    lines += [f"  {suspect}" for suspect in outcome.suspects]
    lines += _poison(outcome)
    lines += _kills(outcome)
    lines += _outage(outcome)
    if outcome.refused:
        lines.append(f"{outcome.refused} POSTs were refused and sent again with the same idempotency key.")
    if outcome.given_up:
        lines.append(f"{outcome.given_up} orders were never accepted, however often they were sent.")
    if outcome.forced:
        lines.append(f"Had to be killed at the end, they did not stop by themselves: {', '.join(outcome.forced)}.")
    if outcome.exit is not Exit.PROVEN:
        lines.append(f"exit code {outcome.exit.value}: {outcome.exit.meaning}")
    return lines


def _replicas(outcome: Outcome) -> str:
    return f"0 to {outcome.replicas_max}, by their backlog" if outcome.autoscaled else f"{outcome.replicas_max}"


def _poison(outcome: Outcome) -> list[str]:
    if not outcome.poison and not outcome.account.dead_letters:
        return []
    if outcome.account.dead_letters == outcome.poison:
        return [f"All {outcome.poison} undecodable entries ended as dead letters and blocked nothing."]
    return [f"BROKEN: {outcome.poison} undecodable entries, but {outcome.account.dead_letters} dead letters."]


def _kills(outcome: Outcome) -> list[str]:
    if outcome.kills is None:
        return []
    if not outcome.kills_sufficient:
        return [f"Only {outcome.kills} processes could be killed while they owned pending entries."]
    return [f"{outcome.kills} times a process was killed while it owned pending entries."]


def _outage(outcome: Outcome) -> list[str]:
    if not outcome.outage_seconds:
        return []
    if not outcome.outage_done:
        return ["The outage that was asked for did not happen: the run ended before."]
    before, during = outcome.post["before"], outcome.post["outage"]
    return [
        f"Payments was down for {outcome.outage_seconds:g} s:",
        f"  {during.count} orders were accepted meanwhile and {outcome.refused_in_outage} refused,",
        f"  POST p99 was {before.p99:.1f} ms before and {during.p99:.1f} ms during the outage.",
    ]


def _milliseconds(summary: LatencySummary) -> str:
    return f"p50 {summary.p50:.1f} ms, p99 {summary.p99:.1f} ms, max {summary.max:.1f} ms"
