"""From what a server said about a group to an observation. Pure."""

from ..observation import Backlog, Observation, Unknown
from ..observe import Look, LookFailed, Missing, WrongType, judge_lag
from ..streams import RELEASED
from .tracked import Tracked

__all__ = ["Seen", "observation"]

Seen = Look | Missing | WrongType | LookFailed | Unknown


def observation(tracked: Tracked, seen: Seen, replicas: int, now: float, server_milliseconds: float) -> Observation:
    """Say what was seen of a group, and remember what helps to judge the next look.

    Args:
        tracked: The resource; its calibration is brought up to date.
        seen: What the server said, or why nobody knows.
        replicas: Replicas of the target.
        now: Seconds of the monotonic clock.
        server_milliseconds: The server's time, for ages.
    """
    if not isinstance(seen, Look):
        return Observation(now, replicas, _unknown(tracked, seen))
    lag = judge_lag(seen, tracked.calibration, now)
    tracked.calibration, tracked.count_next = lag.calibration, lag.count_next
    undone = [entry_id for entry_id in (seen.oldest_pending, seen.next_undelivered) if entry_id is not None]
    age = (server_milliseconds - min(undone).milliseconds) / 1000 if undone else 0.0
    return Observation(
        at=now,
        replicas=replicas,
        backlog=Backlog(lag.count, seen.pending, seen.replay, lag.accuracy, max(0.0, age)),
        entries_added=seen.added,
        consumers=tuple(each for each in seen.consumers if each.name != RELEASED),
        dead_letters=seen.dead_letters,
    )


def _unknown(tracked: Tracked, seen: Missing | WrongType | LookFailed | Unknown) -> Unknown:
    spec = tracked.resource.spec
    match seen:
        case Unknown():
            return seen
        case Missing(stream=False):
            return Unknown("StreamMissing", f"there is no stream {spec.stream}", reachable=True)
        case Missing():
            return Unknown("GroupMissing", f"stream {spec.stream} has no group {spec.group.name}", reachable=True)
        case WrongType():
            return Unknown("WrongType", f"key {spec.stream} is a {seen.kind}, not a stream", reachable=True)
        case LookFailed():
            return Unknown("Refused", seen.message, reachable=True)
