"""How long the steps of a run will take, by their estimates and by the steps behind them."""

from statistics import mean, median

from bench.runner.plan import Step


class Pace:
    """Learns from finished steps what the estimates of the others are worth."""

    def __init__(self) -> None:
        """Know of no finished step."""
        self._seconds: dict[tuple[str, bool], list[float]] = {}
        self._estimated = 0.0
        self._taken = 0.0

    def add(self, step: Step, seconds: float) -> None:
        """Learn that `step` took `seconds`."""
        self._seconds.setdefault((step.cell.id, step.instrumented), []).append(seconds)
        if step.estimate_seconds is not None:
            self._estimated += step.estimate_seconds
            self._taken += seconds

    def expect(self, step: Step) -> float | None:
        """Return the seconds of `step`; None when nobody can tell.

        Launches of the same cell tell best; else it is off from its estimate as all finished steps
        together were from theirs; without an estimate, it takes as long as those.
        """
        if own := self._seconds.get((step.cell.id, step.instrumented)):
            return median(own)
        if step.estimate_seconds is not None:
            return step.estimate_seconds * (self._taken / self._estimated if self._estimated else 1)
        finished = [second for seconds in self._seconds.values() for second in seconds]
        return mean(finished) if finished else None
