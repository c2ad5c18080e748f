"""The tally: which of the expected rows were really judged in this session."""

from collections.abc import Collection, Iterable
from typing import Final, Literal

TestOutcome = Literal["not collected", "deselected", "not run", "skipped", "failed", "passed"]

_HINTS: Final[dict[TestOutcome, str]] = {
    "not collected": "a node id, --ignore, xdist's -n or an error left them out",
    "deselected": "-k, -m or --deselect left them out",
    "not run": "the session ended before them",
    "skipped": "--benchmark-skip and --benchmark-only do that",
    "failed": "see above for the reasons",
    "passed": "",
}


class Tally:
    """The outcome of each expected row, by name; a row counts only when all of it passed."""

    def __init__(self, expected: Iterable[str]) -> None:
        """Expect these rows; until something is noted, none was collected."""
        self._outcomes: dict[str, TestOutcome] = dict.fromkeys(expected, "not collected")

    def note(self, name: str, outcome: TestOutcome) -> None:
        """Set the outcome of a row, unless it is no expected one or has failed already."""
        if self._outcomes.get(name, "failed") != "failed":
            self._outcomes[name] = outcome

    def note_phase(self, name: str, phase: str, outcome: TestOutcome) -> None:
        """Note what pytest reports of one phase ("setup", "call" or "teardown") of a test."""
        if outcome != "passed" or phase == "call":
            self.note(name, outcome)

    def failures(self, explained: Collection[str] = ()) -> list[str]:
        """Return a sentence, naming the rows, for each way in which some were not judged.

        Rows whose failure is `explained` elsewhere are not named again.
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
