"""The rows of the comparison that are phases: their order, and backends without the phase."""

import pandas as pd

from bench.core.cell import BACKENDS
from bench.report.tables.columns import LAUNCH_ORDER


def in_launch_order(frame: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `frame` with the phases of a launch in the order in which they ran.

    The index of `frame` is the column `row` of `cells`.
    """
    launch = cells.groupby(list(LAUNCH_ORDER), dropna=False).ngroup()
    places = cells.assign(launch=launch)[["row", "launch", "phase_number"]].groupby("row").max()
    order = places.reset_index().sort_values(["launch", "phase_number", "row"], kind="stable")
    return frame.loc[order["row"]]


def add_absent_phases(frame: pd.DataFrame, cells: pd.DataFrame) -> None:
    """Mark backends that ran the same launch without a row's phase: `no phase`, and the reason.

    The index of `frame` is the column `row` of `cells`.
    """
    known = cells[cells["phase"].notna() & cells["status"].eq("ok")]
    if known.empty:
        return
    phases = frame["phase"].astype(object).where(frame["phase"].notna(), None).to_dict()
    launches = cells.groupby(list(LAUNCH_ORDER), dropna=False).ngroup()
    names: dict[tuple[int, str], dict[str, None]] = {}
    columns = (launches[known.index], known["backend"], known["phase"])
    for launch, backend, phase in zip(*columns, strict=True):
        names.setdefault((launch, backend), {})[phase] = None
    for row, launch in dict(zip(cells["row"], launches, strict=True)).items():
        phase = phases[row]
        for backend in BACKENDS if phase is not None else ():
            own = names.get((launch, backend), {})
            if own and phase not in own:
                frame.at[row, f"{backend}_status"] = "no phase"
                reason = f"it has no phase {phase}; its phases are {', '.join(own)}"
                frame.at[row, f"{backend}_reason"] = reason
