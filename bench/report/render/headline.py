"""The text of a row's headline metric, its differences and its floor."""

from collections.abc import Mapping
from typing import Any, Final

from bench.core.headline import VAL_ACCURACY, VAL_LOSS, Headline
from models.table import WORKLOADS

_LARGE: Final = 1000
_SMALL: Final = 0.001


def headline_text(value: float) -> str:
    """Return the value with four decimals, or four significant digits if it is large or small."""
    if value and not _SMALL <= abs(value) < _LARGE:
        return f"{value:,.1f}" if abs(value) >= _LARGE else f"{value:.4g}"
    return f"{value:.4f}"


def other_headline(row: Mapping[str, Any]) -> str | None:
    """Return the headline metric of a row, unless it is one that every table shows."""
    metric = row["headline_metric"]
    return None if metric in (None, VAL_ACCURACY, VAL_LOSS) else str(metric)


def headline_of_row(row: Mapping[str, Any]) -> Headline | None:
    """Return the headline metric of a row, None if it has none."""
    metric, mode = row["headline_metric"], row["headline_mode"]
    return None if metric is None else Headline(metric, mode)


def floor_of(row: Mapping[str, Any]) -> float | None:
    """Return the headline value that the row's cells must reach; None if no floor applies.

    The workload sets the floor for the dataset. It applies only to cells with all training images
    and at least the epochs of the recipe.
    """
    workload = WORKLOADS.get(row["workload"])
    if workload is None or row["limit_train"] is not None:
        return None
    if row["headline_metric"] != workload.floor_metric:
        return None
    is_full_training = row["epochs"] is not None and row["epochs"] >= workload.recipe.epochs
    return workload.floor.get(row["dataset"]) if is_full_training else None
