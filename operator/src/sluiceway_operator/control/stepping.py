"""One resource, one look: what is to be done, done, and told."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from redis.exceptions import RedisError

from ..connection import Commands
from ..decide import Reason, judge_consumers, learn, note_pods, note_strangers
from ..entry_id import EntryId
from ..observation import Backlog, Observation, Unknown
from ..observe import MOST_COUNTED, Look, Missing, observe_groups
from ..ports import (
    Leadership,
    NotLeading,
    Reports,
    Target,
    TargetForbidden,
    TargetMissing,
    TargetUnavailable,
    Workloads,
)
from ..resource import Mode
from ..streams import RELEASED, ensure_group, reap
from .claims import Claims
from .conditions import ConditionType, Fact
from .judging import Seen, observation
from .neighbours import Neighbours
from .resting import Rest
from .scaling import Scaler
from .shortening import Shortener
from .status import Picture, report
from .tracked import Tracked

__all__ = ["Stepper"]

_STEP_SECONDS = 5.0
_PODS_EVERY_SECONDS = 5.0


class Stepper:
    """Takes resources one step on.

    Args:
        workloads: Runs the consumers.
        reports: Tells the world.
        leadership: Is asked before everything that is done on a server; who writes elsewhere asks it too.
        neighbours: Resources by their streams.
        claims: Which resources ask for which targets.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        workloads: Workloads,
        reports: Reports,
        leadership: Leadership,
        neighbours: Neighbours,
        claims: Claims,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._scaler = Scaler(workloads, reports, claims, clock)
        self._workloads = workloads
        self._reports = reports
        self._leadership = leadership
        self._shortener = Shortener(reports, leadership, neighbours, clock)
        self._clock = clock
        self._log = structlog.get_logger()

    async def step(self, tracked: Tracked, client: Commands | None, seen: Seen) -> None:
        """Act on a look, in bounded time.

        Nothing is raised. What goes wrong with the target or the server becomes a condition, and whatever else goes
        wrong with one resource stays with it; the next look tries again.

        Args:
            tracked: The resource.
            client: Client of its server; None while nobody knows where that is, and `seen` says so.
            seen: What was seen of its group.
        """
        try:
            async with tracked.one_at_a_time, asyncio.timeout(_STEP_SECONDS):
                if not tracked.gone:
                    await self._step(tracked, client, seen)
        except NotLeading:
            self._log.info("Not leading any more: nothing was written", resource=str(tracked.resource.key))
        except Exception:  # noqa: BLE001  # one resource must not stop the others, whatever it is
            self._log.exception("A step failed; the next look tries again", resource=str(tracked.resource.key))

    async def _step(self, tracked: Tracked, client: Commands | None, seen: Seen) -> None:
        picture = Picture()
        tracked.rest = None
        try:
            target = Target(tracked.resource.key.namespace, tracked.resource.spec.scale_target_ref)
            picture.heeding = self._workloads.heeds(target)
            replicas = await self._replicas(target, picture)
            if (
                client is not None
                and isinstance(seen, Missing)
                and tracked.resource.spec.scaling.mode is not Mode.RECOMMEND
            ):
                seen = await self._make_group(tracked, client, seen)
            tracked.group_seen |= isinstance(seen, Look)
            tracked.look = seen if isinstance(seen, Look) else None
            milliseconds = datetime.now(UTC).timestamp() * 1000
            looked = observation(tracked, seen, replicas or 0, self._clock(), milliseconds)
            picture.observation = looked
            tracked.history = learn(tracked.history, tracked.resource.spec.scaling, looked)
            if replicas is not None:
                await self._scaler.scale(tracked, target, looked, picture)
                if client is not None:
                    await self._reap(tracked, client, target, looked)
                tracked.idle_at = _idle_at(seen, looked, picture)
            if client is not None:
                await self._shortener.shorten(tracked, client, looked)
        except (RedisError, OSError, TimeoutError) as error:
            picture.problem(ConditionType.DEGRADED, "ServerRefused", str(error) or type(error).__name__)
        told = await report(tracked, picture, self._reports, self._clock())
        if told and isinstance(seen, Look) and self._nothing_to_do(tracked, picture):
            tracked.rest = Rest.begin(seen, self._clock())

    def _nothing_to_do(self, tracked: Tracked, picture: Picture) -> bool:
        spec, decision = tracked.resource.spec, tracked.decision
        # before the idle time is over the decision, or its reason, changes without anything that a look shows
        settled = decision is None or (
            decision.reason is Reason.IDLE and (decision.replicas == 0 or spec.scaling.mode is Mode.RECOMMEND)
        )
        trimmed = spec.trim is None or spec.scaling.mode is Mode.RECOMMEND or tracked.trim_due > self._clock()
        return tracked.idle_at is not None and settled and trimmed and not picture.facts

    async def _replicas(self, target: Target, picture: Picture) -> int | None:
        try:
            return await self._workloads.replicas(target)
        except TargetMissing as error:
            picture.facts[ConditionType.TARGET_FOUND] = Fact("False", "NotFound", str(error))
        except TargetForbidden as error:
            picture.facts[ConditionType.TARGET_FOUND] = Fact("False", "Forbidden", str(error))
        except TargetUnavailable as error:
            picture.facts[ConditionType.TARGET_FOUND] = Fact("Unknown", "Unavailable", str(error))
        return None

    async def _make_group(self, tracked: Tracked, client: Commands, seen: Missing) -> Seen:
        """Make the group, unless its policy forbids it, and look again."""
        spec = tracked.resource.spec
        self._leadership.check()
        made = await ensure_group(client, spec.stream, spec.group, was_seen=tracked.group_seen)
        if made.how == "refused":
            return seen
        if made.how != "exists":
            lost = made.how == "repaired"
            await self._reports.event(
                tracked.resource,
                "GroupRepaired" if lost else "GroupCreated",
                f"group {spec.group.name} of {spec.stream} {'was lost and made anew' if lost else 'was made'}, "
                f"beginning after {made.after}",
                warning=lost,
            )
        tracked.calibration, tracked.count_next = None, MOST_COUNTED
        return (await observe_groups(client, [tracked.ask]))[0]

    async def _reap(self, tracked: Tracked, client: Commands, target: Target, looked: Observation) -> None:
        if isinstance(looked.backlog, Unknown):
            return
        spec, now = tracked.resource.spec, self._clock()
        try:
            await self._note_pods(tracked, target, looked, now)
        except TargetForbidden as error:
            # who cannot be asked about is not dead
            tracked.pods_forbidden = str(error)
            return
        except (TargetMissing, TargetUnavailable):
            return
        verdict = judge_consumers(
            tracked.pods, looked.consumers, spec.consumers.reap_after_seconds, now, reserved=RELEASED
        )
        tracked.strangers = verdict.strangers
        tracked.strangers_told = note_strangers(tracked.strangers_told, verdict.strangers, now)
        if spec.scaling.mode is Mode.RECOMMEND:
            return
        for name in verdict.dead:
            self._leadership.check()
            reaped = await reap(client, spec.stream, spec.group.name, name)
            tracked.tally.released += reaped.released
            if reaped.removed:
                tracked.tally.reaped += 1
                message = f"pod {name} is gone; {reaped.released} entries were given to others, its name is removed"
                await self._reports.event(tracked.resource, "ConsumerReaped", message)

    async def _note_pods(self, tracked: Tracked, target: Target, looked: Observation, now: float) -> None:
        """List the target's pods now and then, and at once when there is a consumer that may be a new one."""
        names = {consumer.name for consumer in looked.consumers} - {RELEASED}
        new = names - tracked.pods.gone_since.keys() - tracked.nobodys
        if not names or (not new and now < tracked.pods_due):
            return
        pods = {pod.name for pod in await self._workloads.pods(target)}
        tracked.pods_forbidden = ""
        tracked.pods = note_pods(tracked.pods, pods, now)
        tracked.nobodys = frozenset(names - tracked.pods.gone_since.keys())
        tracked.pods_due = now + _PODS_EVERY_SECONDS


def _idle_at(seen: Seen, looked: Observation, picture: Picture) -> EntryId | None:
    """Return the last ID of a stream that needs nobody and has nobody."""
    idle = isinstance(seen, Look) and isinstance(looked.backlog, Backlog) and looked.backlog.total == 0
    return seen.last if idle and isinstance(seen, Look) and picture.replicas == 0 else None
