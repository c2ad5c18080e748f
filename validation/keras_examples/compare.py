"""What of a script is lost when the product runs it: its phases beside those of plain Python."""

import math
from collections import Counter

from validation.keras_examples.rows import ExamplePhase, ExampleRow

#: The largest relative difference of two values of a log that count as equal, with seeds set.
TOLERANCE = 1e-6


def find_losses(plain: ExampleRow, measured: ExampleRow) -> list[str]:
    """Return each difference between the phases of the two rows in a few words, none if equal.

    Compared are the calls in their order, the epochs of each `fit`, and the names of its logs.
    """
    if len(plain.phases) != len(measured.phases):
        return [f"{len(plain.phases)} phases became {len(measured.phases)}"]
    losses = []
    for number, (one, other) in enumerate(zip(plain.phases, measured.phases, strict=True), 1):
        losses += [f"phase {number}: {text}" for text in _phase_losses(one, other)]
    return losses


def _phase_losses(plain: ExamplePhase, measured: ExamplePhase) -> list[str]:
    if plain.method != measured.method:
        return [f"{plain.method} became {measured.method}"]
    losses = []
    if plain.calls != measured.calls:
        losses.append(f"{plain.calls} calls became {measured.calls}")
    if plain.epochs != measured.epochs:
        losses.append(f"{plain.epochs} epochs became {measured.epochs}")
    missing = [name for name in plain.logs if name not in measured.logs]
    if missing:
        losses.append(f"without {', '.join(missing)}")
    return losses


def largest_difference(plain: ExampleRow, measured: ExampleRow) -> float | None:
    """Return the largest relative difference of a logged value.

    None if nothing is comparable, as without equal seeds.
    """
    differences: list[float] = []
    if plain.seed != measured.seed or plain.seed == 0:
        return None
    for one, other in zip(plain.phases, measured.phases, strict=False):
        for name in one.logs.keys() & other.logs.keys():
            for a, b in zip(one.logs[name], other.logs[name], strict=False):
                if isinstance(a, float) and isinstance(b, float):
                    differences.append(_relative(a, b))
    return max(differences, default=None)


def _relative(a: float, b: float) -> float:
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 0.0
    return abs(a - b) / max(abs(a), abs(b))


def describe_phases(row: ExampleRow) -> str:
    """Return the phases in words: `2 fit (50 + 100 epochs), 1 evaluate`."""
    counts: Counter[str] = Counter()
    for phase in row.phases:
        counts[phase.method] += phase.calls
    epochs = [phase.epochs for phase in row.phases if phase.method == "fit"]
    parts = []
    for method, count in counts.items():
        text = f"{count} {method}"
        if method == "fit":
            few = len(epochs) <= 4
            shown = " + ".join(map(str, epochs)) if few else f"{sum(epochs)} in all"
            text += f" ({shown} epoch{'s' if sum(epochs) != 1 else ''})"
        parts.append(text)
    return ", ".join(parts) or "none: no fit, evaluate or predict is called"
