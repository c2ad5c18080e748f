"""A clock that replays stored durations to a stopwatch, such as pytest-benchmark's timer."""

from collections.abc import Sequence


class ReplayError(RuntimeError):
    """A replay clock got more rounds than it has samples."""


class ReplayClock:
    """A clock that advances only in `play`, by exactly the next sample.

    A stopwatch calls `rewind` before a round, reads the clock, calls `play` and reads it again. The
    difference equals the sample without rounding, because each round starts at 0.0. Additional
    readings have no effect.
    """

    def __init__(self, samples_seconds: Sequence[float]) -> None:
        """Replay the samples, in seconds, in the given order."""
        self._samples = tuple(samples_seconds)
        self._played = 0
        self._now = 0.0
        self._seen: set[int] = set()

    def rewind(self) -> None:
        """Set the clock to 0.0, the start of a round."""
        self._now = 0.0

    def play(self) -> None:
        """Advance by the next sample; ReplayError if none is left."""
        if self._played == len(self._samples):
            raise ReplayError(
                f"All {len(self._samples)} samples are already replayed; no more rounds can run "
                "(--benchmark-cprofile does not apply to replayed times)."
            )
        self._now += self._samples[self._played]
        self._played += 1

    def read(self) -> float:
        """Return the seconds since the last `rewind`; a stopwatch uses this as its timer."""
        if self._now > 0:
            self._seen.add(self._played - 1)
        return self._now

    @property
    def read_seconds(self) -> tuple[float, ...]:
        """The samples after which the clock was read, so that a stopwatch can have timed them."""
        return tuple(self._samples[index] for index in sorted(self._seen))
