"""The three pandas tables; each one depends on the records alone, not on their order."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import pandas as pd

from bench.cell import BACKENDS
from bench.record import Record
from bench.report.columns import (
    BACKEND_GROUP,
    CELLS_COLUMNS,
    COMPARISON_COLUMNS,
    EPOCHS_COLUMNS,
    MUST_AGREE,
    ROW_KEY,
    Column,
    names,
)
from bench.report.figures import record_figures

_GROUP: Final = ["row", "backend"]
_MACHINE: Final = ("cpu_model", "usable_cpus", "memory_gib")
_MIXED: Final = "records of unlike code, data or versions are not pooled: report them separately"


def sorted_records(records: Sequence[Record]) -> list[Record]:
    """Return the records in one fixed order, by cell, backend and repetition; equal ones once."""
    unique = {msgspec.json.encode(record, order="deterministic"): record for record in records}
    return [unique[content] for content in sorted(unique, key=lambda c: (*_order(unique[c]), c))]


def epochs_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Return a row per epoch of the ok records and one, without epoch, per failed record."""
    rows = []
    for record in sorted_records(records):
        epochs = record.result.epochs if record.result else ()
        for epoch in epochs:
            fields = msgspec.structs.asdict(epoch)
            rows.append({**_facts(record), **fields, "epoch": epoch.index + 1})
        if not epochs:
            rows.append(_facts(record))
    return _frame(rows, EPOCHS_COLUMNS)


def cells_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Return a row per record, failed ones too.

    A resolved setting without a declared column gets one at the end, in alphabetical order.
    """
    rows = [_cells_row(record) for record in sorted_records(records)]
    settings = {name for row in rows for name in row if name.startswith("settings_")}
    extra = sorted(settings - set(names(CELLS_COLUMNS)))
    return _frame(rows, (*CELLS_COLUMNS, *(Column(name, "object", "") for name in extra)))


def comparison_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Return a row per ROW_KEY with a column group per backend, present or not.

    Backends whose dataset bytes, Keras or machine differ stand in rows of their own. A row whose
    ok records disagree in a field of MUST_AGREE says so in `unlike` and names no fastest backend;
    a backend whose records have several digests is `mixed` and has no figures.
    """
    cells = _numbered(cells_frame(records))
    groups = _backend_groups(cells, _numbered(epochs_frame(records)))
    by_row = cells.groupby("row")
    frame = by_row[list(ROW_KEY)].head(1).set_index(cells.drop_duplicates("row")["row"])
    frame["dataset_official"] = by_row["dataset_official"].all()
    frame["timing"] = "not interleaved"
    frame["unlike"] = unlike = _unlike(cells)
    frame["fastest_backend"] = _fastest(groups, unlike)
    frame = (
        frame.join(_side_by_side(groups)).sort_index().reindex(columns=names(COMPARISON_COLUMNS))
    )
    missing: dict[str, str | int] = {f"{backend}_status": "missing" for backend in BACKENDS}
    for backend in BACKENDS:
        missing |= {f"{backend}_records": 0, f"{backend}_failed_records": 0}
    return _typed(frame.fillna(missing).reset_index(drop=True), COMPARISON_COLUMNS)


def _order(record: Record) -> tuple[object, ...]:
    cell = record.cell
    key = tuple(0 if part is None else part for part in cell.comparison_key)
    place = BACKENDS.index(cell.backend)
    return (*key, place, record.repetition, record.started_at, record.run_id)


def _facts(record: Record) -> dict[str, object]:
    """Return what every row about the record says, in epochs.csv and in cells.csv."""
    return {
        **msgspec.structs.asdict(record.cell),
        "cell_id": record.cell.id,
        "repetition": record.repetition,
        "run_id": record.run_id,
        "digest": record.digest,
        "dataset_fingerprint": record.dataset.fingerprint,
        "workload_source": record.workload_source,
        "protocol_version": record.protocol_version,
        "keras_version": record.versions.get("keras"),
        "machine_id": record.machine_id,
        "status": record.status,
        "reason": record.reason,
    }


def _cells_row(record: Record) -> dict[str, object]:
    settings = record.result.settings if record.result else {}
    machine = {name: record.machine.get(name) for name in _MACHINE}
    variables = (f"{name}={value}" for name, value in sorted(record.environment.items()))
    return {
        **_facts(record),
        **record_figures(record),
        **machine,
        "exit_status": record.exit_status,
        "started_at": record.started_at,
        "wall_seconds": record.wall_seconds,
        "dataset_official": record.dataset.official,
        "dataset_source": record.dataset.source,
        "backend_version": backend_version(record),
        "python_version": record.versions.get("python"),
        "git_commit": record.git.commit,
        "git_dirty": record.git.dirty,
        "environment": "; ".join(variables),
        **{f"settings_{name}": value for name, value in settings.items()},
    }


def backend_version(record: Record) -> str | None:
    """Return the version of the record's backend, which may be a `-cpu` package."""
    backend = record.cell.backend
    return record.versions.get(backend) or record.versions.get(f"{backend}-cpu")


def _frame(rows: Sequence[Mapping[str, object]], columns: tuple[Column, ...]) -> pd.DataFrame:
    # Objects in full rows: pandas would turn integers beside a missing key into floats.
    full = [[row.get(name) for name in names(columns)] for row in rows]
    return _typed(pd.DataFrame(full, columns=names(columns), dtype=object), columns)


def _typed(frame: pd.DataFrame, columns: tuple[Column, ...]) -> pd.DataFrame:
    return frame.astype({column.name: column.dtype for column in columns})


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Add `row`, the number of the comparison's row: the same in every table of one record set."""
    return frame.assign(row=frame.groupby(list(ROW_KEY), dropna=False).ngroup())


def _backend_groups(cells: pd.DataFrame, epochs: pd.DataFrame) -> pd.DataFrame:
    """Return BACKEND_GROUP by (row, backend); failed records add nothing to a figure."""
    steady = epochs[epochs["warmup"].eq(False).fillna(False)].groupby(_GROUP)["train_seconds"]
    seconds = steady.agg(["median", "min", "max", "count"]).rename(columns={"count": "n"})
    medians = "first_step_seconds final_loss final_accuracy final_val_loss final_val_accuracy"
    by_group = cells.assign(ok=cells["status"].eq("ok")).groupby(_GROUP)
    figures = by_group[[*medians.split(), "best_val_accuracy"]].median()
    figures = figures.join(seconds.add_prefix("epoch_seconds_"))
    figures["fit_seconds_total_median"] = by_group["fit_seconds_total"].median()
    figures["images_per_second"] = (
        by_group["train_images"].first() / figures["epoch_seconds_median"]
    )
    figures["peak_memory_bytes"] = by_group["peak_memory_bytes"].max()
    figures["version"] = by_group["backend_version"].first()
    records = by_group["ok"].sum().astype("Int64")
    mixed = by_group["digest"].nunique().gt(1) & records.gt(0)
    figures.loc[mixed] = pd.NA
    return figures.assign(
        records=records,
        failed_records=by_group.size() - records,
        reason=by_group["reason"].first().mask(mixed, _MIXED),
        status=records.gt(0).map({True: "ok", False: "failed"}).mask(mixed, "mixed"),
    )


def _side_by_side(groups: pd.DataFrame) -> pd.DataFrame:
    """Return the groups by row, with the columns `BACKEND_FIGURE` of the backends there are."""
    parts = [
        groups.loc[groups.index.get_level_values("backend") == backend, list(BACKEND_GROUP)]
        .droplevel("backend")
        .add_prefix(f"{backend}_")
        for backend in BACKENDS
    ]
    return pd.concat(parts, axis=1)


def _unlike(cells: pd.DataFrame) -> "pd.Series[str]":
    """Return by row in which fields of MUST_AGREE its ok records differ; no row where in none."""
    ok = cells[cells["status"].eq("ok")]
    several = ok.groupby("row")[list(MUST_AGREE)].nunique().gt(1)
    texts = {
        row: ", ".join(name for name, differs in zip(MUST_AGREE, values, strict=True) if differs)
        for row, values in zip(several.index, several.to_numpy(), strict=True)
        if values.any()
    }
    return pd.Series(texts, dtype="string")


def _fastest(groups: pd.DataFrame, unlike: "pd.Series[str]") -> "pd.Series[str]":
    """Return by row the backend with the lowest median; no row with under two, or unlike ones."""
    medians = groups["epoch_seconds_median"].dropna().sort_values(kind="stable").reset_index()
    several = medians[medians.duplicated("row", keep=False) & ~medians["row"].isin(unlike.index)]
    return several.drop_duplicates("row").set_index("row")["backend"]
