"""Change points in a series of ratios, as Apache Otava finds them."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

import msgspec

#: Otava's own default is 0.001; changes that are smaller than the harmless margin are not told.
MAX_P_VALUE: Final = 0.001
LEAST_CHANGE: Final = 0.02
_METRIC: Final = "ratio"


class TrendMissingError(Exception):
    """Apache Otava is not installed in this environment."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """From point `index` on (from 0) the mean ratio is `after` instead of `before`."""

    index: int
    before: float
    after: float
    p_value: float


def check_otava() -> None:
    """Raise TrendMissingError unless change points can be found here."""
    if find_spec("otava") is None:
        raise TrendMissingError(
            "Change points need Apache Otava, which is not installed here: use `tox -e trend`."
        )


def find_changes(ratios: Sequence[float]) -> list[Change]:
    """Return the change points of a series of ratios, in its order.

    Otava's E-divisive means with t tests (P. Fleming et al., "Hunter: Using change point detection
    to hunt for performance regressions", ICPE 2023) takes relative changes: hence ratios, not
    their logarithms.
    """
    from otava.series import AnalysisOptions, Metric, Series

    options = AnalysisOptions()
    options.max_pvalue, options.min_magnitude = MAX_P_VALUE, LEAST_CHANGE
    series = Series(
        "", None, list(range(len(ratios))), {_METRIC: Metric()}, {_METRIC: list(ratios)}, {}
    )
    return [
        Change(
            index=int(found.index),
            before=float(found.mean_before()),
            after=float(found.mean_after()),
            p_value=float(found.pvalue()),
        )
        for found in series.analyze(options).change_points[_METRIC]
    ]
