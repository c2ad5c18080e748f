"""A clock that replays durations measured elsewhere, for a stopwatch that only reads clocks."""

from collections.abc import Sequence


class ReplayError(RuntimeError):
    """More rounds were asked of a replay clock than it has samples."""


class ReplayClock:
    """A clock that stands still except in `play`, which takes exactly the next sample.

    A stopwatch calls `rewind` before a round, reads the clock, calls `play`, reads it again and
    gets the sample back without rounding, since each round starts at 0.0. Readings between are
    free: how often the stopwatch reads changes nothing.
    """

    def __init__(self, samples_seconds: Sequence[float]) -> None:
        """Replay the samples, in seconds, in their order."""
        self._samples = tuple(samples_seconds)
        self._played = 0
        self._now = 0.0
        self._seen: set[int] = set()

    def rewind(self) -> None:
        """Set the clock to 0.0, the start of a round."""
        self._now = 0.0

    def play(self) -> None:
        """Let the next sample's time pass; ReplayError when none is left."""
        if self._played == len(self._samples):
            raise ReplayError(
                f"All {len(self._samples)} samples are replayed: there is nothing more to run or "
                "to profile (--benchmark-cprofile does not apply to replayed times)."
            )
        self._now += self._samples[self._played]
        self._played += 1

    def read(self) -> float:
        """Return the seconds since the last `rewind`; this is the timer to hand to a stopwatch."""
        if self._now > 0:
            self._seen.add(self._played - 1)
        return self._now

    @property
    def read_seconds(self) -> tuple[float, ...]:
        """The samples after which somebody read the clock: what a stopwatch can have measured."""
        return tuple(self._samples[index] for index in sorted(self._seen))
