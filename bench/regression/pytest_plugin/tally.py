"""The tally of the expected rows that were really judged in this session."""

from collections.abc import Collection, Iterable
from typing import Final, Literal

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
