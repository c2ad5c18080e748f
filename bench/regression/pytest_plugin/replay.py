"""What both pytest plugins need: clocks that replay stored times, and a tally of the rows."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Literal


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


TestOutcome = Literal["not collected", "deselected", "not run", "skipped", "failed", "passed"]

_HINTS: Final[dict[TestOutcome, str]] = {
    "not collected": "excluded by a node id, --ignore, xdist's -n or an error",
    "deselected": "excluded by -k, -m or --deselect",
    "not run": "the session ended before they ran",
    "skipped": "by --benchmark-skip or --benchmark-only",
    "failed": "the reasons are printed above",
    "passed": "",
}


class Tally:
    """The outcome of each expected row, by name; a row counts only if all its phases passed."""

    def __init__(self, expected: Iterable[str]) -> None:
        """Expect these rows; each starts as `not collected`."""
        self._outcomes: dict[str, TestOutcome] = dict.fromkeys(expected, "not collected")

    def note(self, name: str, outcome: TestOutcome) -> None:
        """Set the outcome of a row, unless it is not expected or has already failed."""
        if self._outcomes.get(name, "failed") != "failed":
            self._outcomes[name] = outcome

    def note_phase(self, name: str, phase: str, outcome: TestOutcome) -> None:
        """Record pytest's outcome of one phase ("setup", "call" or "teardown") of a test."""
        if outcome != "passed" or phase == "call":
            self.note(name, outcome)

    def failures(self, explained: Collection[str] = ()) -> list[str]:
        """Return a sentence, with the names of the rows, per outcome other than `passed`.

        Failed rows that are `explained` elsewhere are left out.
        """
        sentences = []
        for outcome, hint in _HINTS.items():
            names = [name for name, value in self._outcomes.items() if value == outcome]
            if outcome == "failed":
                names = [name for name in names if name not in explained]
            if names and outcome != "passed":
                count = f"{len(names)} of {len(self._outcomes)} expected rows"
                sentences.append(f"{count} {outcome} ({hint}): {', '.join(names)}.")
        return sentences
