"""What a run came to, and whether that is what it set out to prove."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shop_demo.accounting import Account
from shop_demo.exits import Exit
from shop_demo.latency import LatencySummary
from shop_demo.load import Phase


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run that came to its end.

    Args:
        account: the bottom line.
        latency: from an order's 202 to its message.
        post: the answers to POST per phase of the run.
        throughput_per_s: settled orders per second, from the first order to the last message.
        seconds: length of the run.
        poison: undecodable entries that were appended.
        kills: effective kills; ``None``: none were asked for.
        kills_sufficient: whether there were as many as there had to be.
        outage_seconds: length of the outage that was asked for; 0 for none.
        outage_done: whether it happened.
        refused: answers other than 202.
        refused_in_outage: those of them during the outage.
        given_up: orders that were never accepted.
        unread: entries that nobody accounted for, since they were trimmed before they were read.
        suspects: some orders that are lost or doubled, in words.
        forced: processes that had to be killed in the end.
        interrupted: whether a run of a given length was cut short.
        replicas_max: most payments processes at once.
        autoscaled: whether the operator chose their number.
    """

    account: Account
    latency: LatencySummary
    post: Mapping[Phase, LatencySummary]
    throughput_per_s: float
    seconds: float
    poison: int = 0
    kills: int | None = None
    kills_sufficient: bool = True
    outage_seconds: float = 0.0
    outage_done: bool = False
    refused: int = 0
    refused_in_outage: int = 0
    given_up: int = 0
    unread: int = 0
    suspects: Sequence[str] = field(default=())
    forced: Sequence[str] = field(default=())
    interrupted: bool = False
    replicas_max: int = 0
    autoscaled: bool = False

    @property
    def exit(self) -> Exit:
        """Give the verdict; the worst comes first."""
        if not self.account.balanced or self.account.dead_letters != self.poison or self.unread:
            return Exit.INTERRUPTED if self.interrupted and not self.account.duplicate_effects else Exit.BROKEN
        if self.interrupted or (self.outage_seconds and not self.outage_done):
            return Exit.INTERRUPTED
        if not self.kills_sufficient:
            return Exit.KILL_WITHOUT_EFFECT
        if self.given_up or self.refused_in_outage:
            return Exit.REFUSED
        return Exit.PROVEN

    def as_json(self) -> dict[str, Any]:
        """Give the figures for a program to read."""
        account = self.account
        return {
            "orders_accepted": account.orders_accepted,
            "payments_completed": account.payments_completed,
            "payments_failed": account.payments_failed,
            "notifications_sent": account.notifications_sent,
            "dead_letters": account.dead_letters,
            "lost": account.lost,
            "duplicate_effects": account.duplicate_effects,
            "kills": self.kills or 0,
            "replicas_max": self.replicas_max,
            "latency_ms": self.latency.as_json(),
            "throughput_per_s": round(self.throughput_per_s, 1),
            "post_latency_ms": {phase: summary.as_json() for phase, summary in self.post.items() if summary.count},
            "orders_refused": self.refused,
            "seconds": round(self.seconds, 1),
        }
