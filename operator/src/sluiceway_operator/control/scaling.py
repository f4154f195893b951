"""The replicas of one target: decided, written unless somebody else decides on them, and told."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from ..decide import Decision, Reason, decide_replicas
from ..observation import Observation
from ..ports import Reports, Target, TargetForbidden, TargetMissing, TargetUnavailable, Workloads
from ..resource import LastDecision, Mode
from .claims import Claims
from .conditions import ConditionType
from .status import Picture
from .tracked import Tracked

__all__ = ["Scaler"]


class Scaler:
    """Gives targets the replicas that the load asks for.

    Args:
        workloads: Runs the consumers.
        reports: Tells the world.
        claims: Which resources ask for which targets.
        clock: Seconds that never go back.
    """

    def __init__(
        self, workloads: Workloads, reports: Reports, claims: Claims, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._workloads = workloads
        self._reports = reports
        self._claims = claims
        self._clock = clock

    async def scale(self, tracked: Tracked, target: Target, looked: Observation, picture: Picture) -> None:
        """Decide on the replicas of a resource's target, and write them if they are to change.

        Args:
            tracked: The resource; its history has learned the look.
            target: Its target.
            looked: The look.
            picture: Takes what is told of it.
        """
        scaling = tracked.resource.spec.scaling
        picture.replicas = looked.replicas
        edited = tracked.edits.saw(looked.replicas, self._clock())
        if scaling.mode is Mode.PAUSED:
            tracked.decision, tracked.contest = None, ""
            tracked.edits.agreed()
            return
        decision, tracked.history = decide_replicas(scaling, tracked.history)
        changed = _desired(tracked) != decision.replicas
        tracked.decision = decision
        tracked.tally.decisions[decision.reason] += 1
        if scaling.mode is Mode.RECOMMEND:
            tracked.contest = ""
            tracked.edits.agreed()
            if changed and decision.replicas != looked.replicas:
                tracked.last_change = _change(decision)
        elif not await self._contested(tracked, target, picture, edited=edited):
            await self._write(tracked, target, looked, picture, decision)

    async def _contested(self, tracked: Tracked, target: Target, picture: Picture, *, edited: bool) -> bool:
        """Return whether the replicas are left to somebody else, and tell who that is."""
        contest = await self._contest(tracked, target, edited=edited)
        if contest:
            picture.problem(ConditionType.DEGRADED, "TargetContested", contest)
            if not tracked.contest:
                await self._reports.event(tracked.resource, "TargetContested", contest, warning=True)
        tracked.contest = contest
        return bool(contest)

    async def _contest(self, tracked: Tracked, target: Target, *, edited: bool) -> str:
        ahead = self._claims.ahead_of(tracked.resource)
        if ahead is not None:
            return (
                f"StreamConsumer {ahead.key} is older and sets the replicas of {target}; this one leaves them alone: "
                f"give it a target of its own, or delete one of the two"
            )
        rival = await self._workloads.rival(target, afresh=edited)
        if rival is not None:
            return (
                f"{rival} sets the replicas of {target}; they are left alone: delete it, or set scaling.mode: Recommend "
                f"to go on beside it"
            )
        if tracked.edits.left_alone(self._clock()):
            return (
                f"somebody sets the replicas of {target} again whenever they are corrected; they are left alone for some "
                f"minutes: set scaling.mode: Paused to set them by hand, or take the number out of what applies it"
            )
        return ""

    async def _write(
        self, tracked: Tracked, target: Target, looked: Observation, picture: Picture, decision: Decision
    ) -> None:
        if decision.replicas == looked.replicas:
            # held work and a load that nobody knows only put a correction off
            if decision.wanted is not None and decision.reason is not Reason.HELD_WORK:
                tracked.edits.agreed()
            return
        try:
            if decision.replicas < looked.replicas:
                await self._spare(tracked, target, looked)
            if tracked.gone:
                return
            tracked.edits.writing()
            await self._workloads.scale(target, decision.replicas)
        except (TargetMissing, TargetForbidden) as error:
            picture.problem(ConditionType.DEGRADED, "ScaleRefused", str(error))
        except TargetUnavailable as error:
            picture.problem(ConditionType.DEGRADED, "ScaleFailed", str(error))
        else:
            picture.replicas = decision.replicas
            await self._tell(tracked, target, looked.replicas, decision)

    async def _spare(self, tracked: Tracked, target: Target, looked: Observation) -> None:
        """Have those go last that hold work. A reduction does not depend on it: who goes finishes or hands back."""
        held = {consumer.name: consumer.pending for consumer in looked.consumers}
        tracked.marks_forbidden = ""
        try:
            await self._workloads.spare(target, held)
        except TargetForbidden as error:
            tracked.marks_forbidden = str(error)

    async def _tell(self, tracked: Tracked, target: Target, before: int, decision: Decision) -> None:
        tracked.last_change = _change(decision)
        tracked.tally.scaled(before, decision.replicas)
        why = f"{decision.reason}: {decision.message}"
        edit = tracked.edits.wrote(decision.replicas, self._clock())
        if edit is None:
            message = f"{before} -> {decision.replicas} replicas of {target}, {why}"
            await self._reports.event(tracked.resource, "Scaled", message)
        else:
            message = (
                f"somebody set the replicas of {target}, {edit.before} -> {edit.after}; now {decision.replicas}, {why}. "
                f"To set them yourself: scaling.mode: Paused"
            )
            await self._reports.event(tracked.resource, "ReplicasCorrected", message)


def _desired(tracked: Tracked) -> int | None:
    """Return what was decided last, by an operator before us if need be."""
    if tracked.decision is not None:
        return tracked.decision.replicas
    replicas = tracked.reported.replicas if tracked.reported is not None else None
    return None if replicas is None else replicas.desired


def _change(decision: Decision) -> LastDecision:
    return LastDecision(
        time=datetime.now(UTC).replace(microsecond=0),
        desired_replicas=decision.replicas,
        reason=decision.reason,
        message=decision.message[:1024],
    )
