"""A lag that is never silently wrong.

The server's own number is null after some deletions, and too high for ever once a trim has passed unread entries
(redis/redis#13337, #13957; Valkey ported the fix in part, valkey#1952). It is used only where it is known how far off it
is; else what is undelivered is counted, up to a bound. Pure.
"""

from dataclasses import dataclass

from ..resource import Accuracy
from .look import MOST_COUNTED, Look

__all__ = ["Calibration", "Lag", "judge_lag"]

_TRUSTED_SECONDS = 10.0
"""How long a calibration outlives deletions: they may have been of entries that nobody had read."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far off the server's lag was at a time.

    Args:
        offset: Server's lag minus the truth.
        at: When, in seconds.
        added: Entries ever added, at that time.
        length: Entries in the stream, at that time.
        assumed: The truth was more than can be counted, so the server's lag was believed.
    """

    offset: int
    at: float
    added: int
    length: int
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Lag:
    """Undelivered entries.

    Args:
        count: That many, or about that many.
        accuracy: `EXACT` or `ESTIMATED`.
        calibration: For the next look.
        count_next: How far the next look should count; 0 if it need not.
    """

    count: int
    accuracy: Accuracy
    calibration: Calibration | None
    count_next: int = 0


def judge_lag(look: Look, calibration: Calibration | None, now: float) -> Lag:
    """Tell the lag from a look.

    Args:
        look: What the server said.
        calibration: What the looks before taught; without one the look must have counted.
        now: Seconds of the clock that `calibration` used.
    """
    if look.length and look.next_undelivered == look.first:
        # Nothing is left that was delivered. Servers set their own number right, or not, when the group moves on from
        # here, so nothing is learned about it.
        return Lag(look.length, Accuracy.EXACT, None, count_next=MOST_COUNTED)
    true = _certain(look)
    if true is not None:
        return Lag(true, Accuracy.EXACT, _calibrate(look, true, now))
    # something is undelivered, or it would be certain
    most = look.length
    if look.lag is None:
        return Lag(max(look.counted or 0, 1), Accuracy.ESTIMATED, None)
    if calibration is None:
        # more than can be counted: the server is believed, as far as the stream is long
        told = max(min(look.lag, most), look.counted or 0, 1)
        return Lag(told, Accuracy.ESTIMATED, _calibrate(look, told, now, assumed=True))
    told = min(max(look.lag - calibration.offset, 1), most)
    # entries that were deleted since may have been ones that nobody had read
    deleted = (look.added - calibration.added) - (look.length - calibration.length)
    if deleted <= 0 and not calibration.assumed:
        return Lag(told, Accuracy.EXACT, calibration)
    if now - calibration.at < _TRUSTED_SECONDS:
        return Lag(told, Accuracy.ESTIMATED, calibration)
    if look.counted is None:
        return Lag(told, Accuracy.ESTIMATED, calibration, count_next=MOST_COUNTED)
    told = max(told, look.counted)
    return Lag(told, Accuracy.ESTIMATED, _calibrate(look, told, now, assumed=True))


def _certain(look: Look) -> int | None:
    """Tell the lag where it follows from what does not lie."""
    if look.length == 0 or look.next_undelivered is None:
        return 0
    if look.lag is not None and look.added == look.length:
        return look.lag
    if look.counted is not None and look.counted < look.count_limit:
        return look.counted
    return None


def _calibrate(look: Look, true: int, now: float, *, assumed: bool = False) -> Calibration | None:
    if look.lag is None:
        return None
    return Calibration(look.lag - true, now, look.added, look.length, assumed)
