"""How many updates to make before the next look at the clock."""

LONGEST = 0.1
"""Seconds between two looks at the clock, at most, about."""


class Pace:
    """Fits updates into a time, going by how long the last ones took.

    Few visits to the interpreter, since it may be busy with another tab's picture.
    """

    def __init__(self) -> None:
        self._done, self._seconds = 1, 0.0

    def fitting(self, seconds: float) -> int:
        """How many updates take the better part of these seconds; at least one, and not many more than last time."""
        wanted = 0.6 * min(seconds, LONGEST)
        return max(1, min(int(wanted / max(self._seconds / self._done, 1e-9)), 8 * self._done))

    def note(self, updates: int, seconds: float) -> None:
        """So many updates have just taken so long."""
        self._done, self._seconds = updates, seconds
