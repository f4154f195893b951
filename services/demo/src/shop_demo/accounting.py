"""Was every accepted order settled, and settled once? Pure bookkeeping over what was witnessed.

The witnesses are independent of each other and of the services' own counters: the load generator's list of accepted
orders, the payment provider's record, the message sink's record, and the entries on the streams.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from shop_demo.latency import Latencies


@dataclass(slots=True)
class OrderTrace:
    """What was witnessed of one order."""

    accepted: bool = False
    charged: int = 0
    declined: int = 0
    payments_completed: int = 0
    payments_failed: int = 0
    messages: int = 0
    created_ms: int | None = None
    notified_ms: int | None = None

    @property
    def payments(self) -> int:
        """Count the payment events on the stream, whatever they say."""
        return self.payments_completed + self.payments_failed

    @property
    def decisions(self) -> int:
        """Count the provider's decisions, charges and declines alike."""
        return self.charged + self.declined

    @property
    def complete(self) -> bool:
        """Tell whether everything that has to happen to an order has happened, at least once."""
        return self.accepted and min(self.decisions, self.payments, self.messages) >= 1

    @property
    def exact(self) -> bool:
        """Tell whether the order has one settled payment and one message, neither fewer nor more.

        A payment is settled when the stream says what the provider's record says.
        """
        decided = (self.charged, self.declined)
        return self.decisions == 1 and decided == (self.payments_completed, self.payments_failed) and self.messages == 1

    @property
    def surplus(self) -> int:
        """Count the effects that happened once too often: provider's decisions, messages, payment events."""
        return sum(max(0, times - 1) for times in (self.decisions, self.messages, self.payments))


@dataclass(frozen=True, slots=True)
class Account:
    """The bottom line of a run."""

    orders_accepted: int
    payments_completed: int
    payments_failed: int
    notifications_sent: int
    dead_letters: int
    lost: int
    duplicate_effects: int

    @property
    def balanced(self) -> bool:
        """Tell whether nothing was lost and nothing happened twice."""
        return self.lost == 0 and self.duplicate_effects == 0


@dataclass(slots=True)
class Ledger:
    """Collects what the witnesses report, in whatever order it arrives.

    ``unsettled`` is the number of accepted orders that still wait for something. It falls to zero when all is done; it
    does not say that nothing was doubled, which is what `balance` is for.
    """

    orders: dict[str, OrderTrace] = field(default_factory=dict)
    dead_letters: set[tuple[str, str]] = field(default_factory=set)
    latencies: Latencies = field(default_factory=Latencies)
    accepted: int = 0
    settled: int = 0
    payments_completed: int = 0
    payments_failed: int = 0
    messages: int = 0
    first_created_ms: int | None = None
    last_notified_ms: int = 0

    @property
    def throughput_per_s(self) -> float:
        """Give the settled orders per second, from the first order to the latest notification."""
        if self.first_created_ms is None or self.last_notified_ms <= self.first_created_ms:
            return 0.0
        return self.settled / (self.last_notified_ms - self.first_created_ms) * 1000

    @property
    def unsettled(self) -> int:
        """Count the accepted orders that are not complete yet."""
        return self.accepted - self.settled

    def accept(self, order_id: str) -> None:
        """Note a 202 for an order."""
        trace = self._trace(order_id)
        before = trace.complete
        self.accepted += not trace.accepted
        trace.accepted = True
        self._count_settled(trace, before=before)

    def created(self, order_id: str, at_ms: int) -> None:
        """Note the order's own event on the stream, in milliseconds of the server's clock."""
        trace = self._trace(order_id)
        if trace.created_ms is None:
            trace.created_ms = at_ms
            self.first_created_ms = at_ms if self.first_created_ms is None else min(self.first_created_ms, at_ms)
            self._measure(trace)

    def notified(self, order_id: str, at_ms: int) -> None:
        """Note the event that says that the message was sent, in milliseconds of the server's clock."""
        trace = self._trace(order_id)
        if trace.notified_ms is None:
            trace.notified_ms = at_ms
            self.last_notified_ms = max(self.last_notified_ms, at_ms)
            self._measure(trace)

    def decision(self, order_id: str, *, charged: bool) -> None:
        """Note a line in the payment provider's record: it charged, or it declined."""
        trace = self._trace(order_id)
        before = trace.complete
        if charged:
            trace.charged += 1
        else:
            trace.declined += 1
        self._count_settled(trace, before=before)

    def payment(self, order_id: str, *, completed: bool) -> None:
        """Note a payment event on the stream."""
        trace = self._trace(order_id)
        before = trace.complete
        if completed:
            trace.payments_completed += 1
            self.payments_completed += 1
        else:
            trace.payments_failed += 1
            self.payments_failed += 1
        self._count_settled(trace, before=before)

    def message(self, order_id: str) -> None:
        """Note a message in the sink's record."""
        trace = self._trace(order_id)
        before = trace.complete
        trace.messages += 1
        self.messages += 1
        self._count_settled(trace, before=before)

    def dead_letter(self, stream: str, entry_id: str) -> None:
        """Note that an entry was dead-lettered; several groups giving up the same entry are one dead letter."""
        self.dead_letters.add((stream, entry_id))

    def balance(self) -> Account:
        """Draw the bottom line over everything noted so far."""
        accepted = [trace for trace in self.orders.values() if trace.accepted]
        return Account(
            orders_accepted=len(accepted),
            payments_completed=self.payments_completed,
            payments_failed=self.payments_failed,
            notifications_sent=self.messages,
            dead_letters=len(self.dead_letters),
            lost=sum(not trace.exact for trace in accepted),
            duplicate_effects=sum(trace.surplus for trace in self.orders.values()),
        )

    def suspects(self) -> Iterable[tuple[str, OrderTrace]]:
        """Yield the orders that are lost or doubled, for the report to show some of them."""
        for order_id, trace in self.orders.items():
            if trace.surplus or (trace.accepted and not trace.exact):
                yield order_id, trace

    def _trace(self, order_id: str) -> OrderTrace:
        return self.orders.setdefault(order_id, OrderTrace())

    def _measure(self, trace: OrderTrace) -> None:
        if trace.created_ms is not None and trace.notified_ms is not None:
            self.latencies.add(trace.notified_ms - trace.created_ms)

    def _count_settled(self, trace: OrderTrace, *, before: bool) -> None:
        if trace.complete and not before:
            self.settled += 1
