"""Keeps a resource's stream and its dead letters as short as was asked for, and says what went."""

from collections.abc import Callable
from dataclasses import replace

from ..connection import Commands
from ..observation import Observation, Unknown
from ..ports import Leadership, Reports
from ..resource import Mode
from ..streams import Trimmed, TrimOrder, TrimRules, cap, most_careful, trim
from .neighbours import Neighbours
from .tracked import Tracked

__all__ = ["Shortener"]

_TRIM_EVERY_SECONDS = 5.0


class Shortener:
    """Trims streams.

    Args:
        reports: Tells the world.
        leadership: Is asked before everything that is done on a server.
        neighbours: Resources by their streams.
        clock: Seconds that never go back.
    """

    def __init__(
        self, reports: Reports, leadership: Leadership, neighbours: Neighbours, clock: Callable[[], float]
    ) -> None:
        self._reports = reports
        self._leadership = leadership
        self._neighbours = neighbours
        self._clock = clock

    async def shorten(self, tracked: Tracked, client: Commands, looked: Observation) -> None:
        """Remove what nobody wants any more.

        Args:
            tracked: The resource.
            client: Client of its server.
            looked: What was seen of its group.

        Raises:
            NotLeading: We may not.
            redis.exceptions.RedisError: The server does not answer, or refuses.
        """
        if tracked.resource.spec.scaling.mode is Mode.RECOMMEND:
            return
        if isinstance(looked.backlog, Unknown) and not looked.backlog.reachable:
            # it did not answer a moment ago: one wait for it is enough
            return
        if tracked.resource.spec.trim is not None and self._clock() >= tracked.trim_due:
            await self._trim(tracked, client)
        await self._cap(tracked, client, looked)

    async def _trim(self, tracked: Tracked, client: Commands) -> None:
        spec, now = tracked.resource.spec, self._clock()
        neighbours = self._neighbours.of(tracked)
        rules = most_careful(
            {str(each.resource.key): each.resource.spec.trim for each in neighbours if each.resource.spec.trim}
        )
        groups = {each.resource.spec.group.name for each in neighbours}
        deserted = tracked.deserted.for_seconds(rules.stale_seconds, now)
        self._leadership.check()
        done = await trim(client, TrimOrder(spec.stream, rules, groups, deserted))
        tracked.deserted.note(done.without_consumer, now)
        before = tracked.totals
        tracked.totals = replace(
            before,
            removed=before.removed + done.removed,
            lost=before.lost + done.lost,
            floor=done.floor,
            length=done.length,
            pinned_by=done.held_by,
            why_not=done.why_not,
            by=rules.by,
            stale=done.stale,
        )
        tracked.trim_due = now if done.more else now + _TRIM_EVERY_SECONDS
        await self._tell(tracked, rules, done, before.stale)

    async def _tell(self, tracked: Tracked, rules: TrimRules, done: Trimmed, known: tuple[str, ...]) -> None:
        if done.lost:
            message = f"{done.lost} entries that a group still needed were removed by hardMaxLength"
            await self._reports.event(tracked.resource, "EntriesLost", message, warning=True)
        for group in done.stale:
            if group not in known:
                message = (
                    f"nobody has read group {group} of {tracked.resource.spec.stream} for {rules.stale_seconds} s: what "
                    "it has not read is removed when it is older than that, as staleGroupSeconds says"
                )
                await self._reports.event(tracked.resource, "GroupStale", message, warning=True)

    async def _cap(self, tracked: Tracked, client: Commands, looked: Observation) -> None:
        keep = tracked.resource.spec.dead_letter.max_length
        if not keep or looked.dead_letters <= keep:
            return
        self._leadership.check()
        removed = await cap(client, tracked.ask.dead, keep)
        if not removed:
            return
        if not tracked.tally.capped:
            message = (
                f"the oldest {removed} dead letters in {tracked.ask.dead} were removed, {keep} are kept as "
                "deadLetter.maxLength says; this is told once, the metrics count on"
            )
            await self._reports.event(tracked.resource, "DeadLettersCapped", message, warning=True)
        tracked.tally.capped += removed
