"""The headline metric of each row of the comparison."""

import pandas as pd


def headline_columns(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the headline columns by row; a row whose records name several metrics has none."""
    facts = {row: _headline(launches) for row, launches in cells.groupby("row")}
    columns = ["headline_metric", "headline_mode", "headline_reason"]
    return pd.DataFrame.from_dict(facts, orient="index", columns=columns)


def _headline(launches: pd.DataFrame) -> dict[str, str | None]:
    named = launches[launches["headline_metric"].notna()]
    pairs = sorted(set(zip(named["headline_metric"], named["headline_mode"], strict=True)))
    if len(pairs) > 1:
        texts = " and ".join(f"{metric} ({mode})" for metric, mode in pairs)
        return {"headline_reason": f"the records are judged by different metrics: {texts}"}
    reasons = launches[launches["headline_reason"].notna()]
    by_backend = zip(reasons["backend"], reasons["headline_reason"], strict=True)
    reason = "; ".join(dict.fromkeys(f"{backend}: {why}" for backend, why in by_backend)) or None
    metric, mode = pairs[0] if pairs else (None, None)
    return {"headline_metric": metric, "headline_mode": mode, "headline_reason": reason}


def with_one_headline(cells: pd.DataFrame, headlines: pd.DataFrame) -> pd.DataFrame:
    """Return the cells without headline values where the row's records name several metrics."""
    is_known = cells["row"].map(headlines["headline_metric"].notna())
    values = cells[["final_headline", "best_headline"]].where(is_known)
    return cells.assign(**{str(name): values[name] for name in values})
