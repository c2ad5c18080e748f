"""The accuracy gate on stored seeds, drawn from two pools with known means."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import Final

import msgspec
import numpy as np

from bench.regression.accuracy.verdict import SeedAccuracies, judge_accuracy

#: Seeds per side of a drawn gate.
SIZES: Final = (8, 16, 32)
#: The margin of the accuracy gate, 1 point.
MARGIN: Final = 0.01
GATES: Final = 500
_SEED: Final = 20804


class SeedRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One seed's final val_accuracy on `images` validation images, of a side: `baseline` or
    `candidate`, the latter with a fault."""

    session: str
    backend: str
    side: str
    seed: int
    val_accuracy: float
    images: int


class SeedAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """The count of each verdict in GATES gates with `seeds` seeds per side.

    `difference` is the true difference: that of the means of the two pools.
    """

    backend: str
    candidate: str
    seeds: int
    difference: float
    verdicts: dict[str, int]


def answer_seeds(rows: Sequence[SeedRow]) -> list[SeedAnswers]:
    """Return the answers per backend, candidate and number of seeds.

    Each gate draws both sides' seeds with replacement. The candidate's pool is the baseline's own
    or the one with the fault.
    """
    answers = []
    for backend in dict.fromkeys(row.backend for row in rows):
        backend_rows = [row for row in rows if row.backend == backend]
        pools = {
            side: [row.val_accuracy for row in backend_rows if row.side == side]
            for side in ("baseline", "candidate")
        }
        images = min(row.images for row in backend_rows)
        for side, name in (("baseline", "the same"), ("candidate", "with a fault")):
            for seeds in SIZES:
                verdicts = _answers(pools["baseline"], pools[side], seeds, images)
                difference = fmean(pools[side]) - fmean(pools["baseline"])
                answers.append(
                    SeedAnswers(
                        backend=backend,
                        candidate=name,
                        seeds=seeds,
                        difference=difference,
                        verdicts=dict(verdicts),
                    )
                )
    return answers


def _answers(
    baseline: Sequence[float], candidate: Sequence[float], seeds: int, images: int
) -> Counter[str]:
    draw = np.random.default_rng(_SEED)
    verdicts: Counter[str] = Counter()
    for _ in range(GATES):
        sides = (
            SeedAccuracies(accuracies=tuple(draw.choice(pool, seeds).tolist()), images=images)
            for pool in (baseline, candidate)
        )
        (first, second) = sides
        verdicts[judge_accuracy({"": (first, second)}, MARGIN)[""].verdict] += 1
    return verdicts
