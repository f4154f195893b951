"""What others do to the replicas of a target, and when to leave it to them. Pure."""

from dataclasses import dataclass

__all__ = ["Edit", "Edits"]

_MOST_CORRECTIONS = 3
_WITHIN_SECONDS = 60.0
_LEFT_ALONE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Edit:
    """Replicas that somebody else set.

    Args:
        before: What there were.
        after: What they were set to.
    """

    before: int
    after: int


@dataclass(slots=True)
class Edits:
    """Follows the replicas of one target.

    A single edit is corrected. Who sets replicas again whenever they are corrected, three times within a minute, means it:
    for five minutes they are left alone, and then it is tried again.

    Args:
        expected: Replicas if nobody else sets them; None if that is not known.
        open: What somebody set and was not corrected yet, nor asked for by the load.
        corrected_at: When the latest corrections were, in seconds of the monotonic clock.
        left_until: Until when the replicas are left alone.
    """

    expected: int | None = None
    open: Edit | None = None
    corrected_at: tuple[float, ...] = ()
    left_until: float = float("-inf")

    def saw(self, replicas: int, now: float) -> bool:
        """Note the replicas that there are.

        Returns:
            Whether somebody else has set them since the last time.
        """
        before, self.expected = self.expected, replicas
        if before is None or before == replicas:
            return False
        self.open = Edit(self.open.before if self.open is not None else before, replicas)
        self.corrected_at = tuple(at for at in self.corrected_at if now - at < _WITHIN_SECONDS)
        if len(self.corrected_at) >= _MOST_CORRECTIONS:
            self.left_until, self.corrected_at = now + _LEFT_ALONE_SECONDS, ()
        return True

    def agreed(self) -> None:
        """Note that the load asks for what was set."""
        self.open = None

    def writing(self) -> None:
        """Note that we are about to set them; until it is known that we did, they may be anything."""
        self.expected = None

    def wrote(self, replicas: int, now: float) -> Edit | None:
        """Note that we have set them.

        Returns:
            What was corrected thereby, if anything was.
        """
        edit, self.open, self.expected = self.open, None, replicas
        if edit is None or (replicas < edit.after) != (edit.before < edit.after):
            # onwards in the same direction is no correction
            return None
        self.corrected_at = (*self.corrected_at, now)
        return edit

    def left_alone(self, now: float) -> bool:
        """Return whether the replicas are left to who insists."""
        return now < self.left_until
