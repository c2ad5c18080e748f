"""Holm's step-down procedure for several tests."""

from collections.abc import Mapping


def holm(p_values: Mapping[str, float], expected: int, level: float) -> set[str]:
    """Return the names whose null hypotheses Holm's step-down rejects, over `expected` tests.

    `level` is the family-wise error rate. Tests without a p value count as not rejected (S. Holm,
    "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6,
    1979).
    """
    rejected = set()
    for rank, (name, p_value) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        if p_value > level / (expected - rank):
            break
        rejected.add(name)
    return rejected
