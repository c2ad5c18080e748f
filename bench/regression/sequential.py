"""Group-sequential looks: a cell is judged after some pairs, and after more while undecided."""

from collections.abc import Iterable, Mapping, Sequence

from bench.regression.estimators import CLOCKS, Priors, log_ratios
from bench.regression.pair import Pair
from bench.regression.verdict import INTERIM_LOOKS, Margins, Verdict, judge_look
from bench.stats.empirical_bayes import fit_variance_prior


def judge_looks(
    cells: Mapping[str, Sequence[Pair]],
    expected: int,
    margins: Margins,
    looks: Sequence[int] = INTERIM_LOOKS,
    other_pairs: Iterable[Sequence[Pair]] = (),
) -> dict[str, Verdict]:
    """Return each cell's verdict from the first of the `looks` that decides it, else from the last.

    `cells` holds the valid pairs by cell id, `expected` is the number of cells in their family. A
    cell with fewer pairs than its next look requires is `invalid`, because stopping early at a
    favourable moment would bias the verdict. `other_pairs` of other comparisons also contribute
    to the estimated variance between pairs.
    """
    priors = learn_priors([*cells.values(), *other_pairs])
    verdicts: dict[str, Verdict] = {}
    remaining = dict(cells)
    for target_count in looks:
        ready = {
            name: pairs[:target_count]
            for name, pairs in remaining.items()
            if len(pairs) >= target_count
        }
        for name in remaining.keys() - ready.keys():
            pairs = remaining.pop(name)
            verdicts[name] = invalid(
                name,
                pairs,
                f"it stopped after {len(pairs)} pairs; the next look needs {target_count}",
            )
        judged = judge_look(ready, expected, margins, len(INTERIM_LOOKS), priors) if ready else {}
        verdicts |= judged
        remaining = {
            name: pairs
            for name, pairs in remaining.items()
            if judged[name].verdict == "inconclusive"
        }
    return verdicts


def learn_priors(groups: Iterable[Sequence[Pair]]) -> Priors:
    """Return the variance priors, by clock, estimated from each comparison's first-look pairs.

    Later pairs are not used, because the variance of the first ones decides which comparisons get
    more.
    """
    first = [pairs[: INTERIM_LOOKS[0]] for pairs in groups if len(pairs) >= INTERIM_LOOKS[0]]
    priors = {
        clock: fit_variance_prior([log_ratios(pairs, clock) for pairs in first]) for clock in CLOCKS
    }
    return {clock: prior for clock, prior in priors.items() if prior}


def invalid(cell_id: str, pairs: Sequence[Pair], reason: str) -> Verdict:
    """Return the verdict `invalid` with its reason."""
    return Verdict(cell_id=cell_id, verdict="invalid", pairs=len(pairs), reason=reason)
