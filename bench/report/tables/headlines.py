"""The headline metric of each row of the comparison."""

from typing import Final

import pandas as pd

_COLUMNS: Final = ("headline_metric", "headline_mode", "headline_reason")


def headline_columns(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the headline columns by row; a row whose records name several metrics has none."""
    parts = cells[["row", "backend", *_COLUMNS]].drop_duplicates().astype(object)
    metrics: dict[int, set[tuple[str, str]]] = {row: set() for row in parts["row"]}
    reasons: dict[int, list[str]] = {row: [] for row in metrics}
    for row, backend, metric, mode, reason in parts.itertuples(index=False):
        if not pd.isna(metric):
            metrics[row].add((metric, mode))
        if not pd.isna(reason):
            reasons[row].append(f"{backend}: {reason}")
    facts = {row: _headline(sorted(metrics[row]), reasons[row]) for row in metrics}
    return pd.DataFrame.from_dict(facts, orient="index", columns=list(_COLUMNS))


def _headline(metrics: list[tuple[str, str]], reasons: list[str]) -> tuple[str | None, ...]:
    """Return the values of _COLUMNS."""
    if len(metrics) > 1:
        texts = " and ".join(f"{metric} ({mode})" for metric, mode in metrics)
        return None, None, f"the records are judged by different metrics: {texts}"
    metric, mode = metrics[0] if metrics else (None, None)
    return metric, mode, "; ".join(dict.fromkeys(reasons)) or None


def with_one_headline(cells: pd.DataFrame, headlines: pd.DataFrame) -> pd.DataFrame:
    """Return the cells without headline values where the row's records name several metrics."""
    is_known = cells["row"].map(headlines["headline_metric"].notna())
    values = cells[["final_headline", "best_headline"]].where(is_known)
    return cells.assign(**{str(name): values[name] for name in values})
