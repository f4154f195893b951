"""Names of the keys beside a stream, as the SDK makes them; a test holds the two to each other."""

from dataclasses import dataclass

__all__ = ["GroupKeys"]


@dataclass(frozen=True, slots=True)
class GroupKeys:
    """The keys of one group on one stream.

    Example:
        >>> GroupKeys("orders", "payments").dead
        '{orders}.payments.dead'
    """

    stream: str
    group: str

    @property
    def _tagged(self) -> str:
        """The stream's name with a hash tag, so that all its keys are in one slot of a cluster."""
        start = self.stream.find("{")
        has_tag = start >= 0 and self.stream.find("}", start + 1) > start + 1
        return self.stream if has_tag else f"{{{self.stream}}}"

    @property
    def dead(self) -> str:
        """Stream of the group's dead letters."""
        return f"{self._tagged}.{self.group}.dead"

    @property
    def replay(self) -> str:
        """Stream of dead letters that were put back."""
        return f"{self._tagged}.{self.group}.replay"

    @property
    def state(self) -> str:
        """Hash with the group's lost-group `policy`, its low watermark `low` and the stream's `first` entry at that time."""
        return f"{self._tagged}:sluiceway:{self.group}"
