"""The recipe of the documentation recomputes every number of the report from its CSVs."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.core.paths import CHECKOUT
from bench.report.charts.data import PHASE_PARTS
from bench.report.tables.columns import ROW_KEY
from tests.contract.documents import blocks_of
from tests.fixtures.pages import chart_data, table_values

_PAGE = CHECKOUT / "docs" / "how-to" / "use-the-csv-files.md"
[_SNIPPET, _RATIOS, _METRICS, *_] = [b.text for b in blocks_of(_PAGE) if b.language == "python"]


@pytest.fixture(scope="module")
def folder(golden_report: Path) -> Path:
    return golden_report


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    """Return what the snippet computes, by the names of its variables."""
    names: dict[str, Any] = {}
    exec(_SNIPPET.replace('"reports/latest"', repr(str(folder))), names)
    return names


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "report.html").read_text("utf-8")


def _keys(folder: Path) -> list[tuple[Any, ...]]:
    """Return the values of ROW_KEY of each row of the page."""
    rows = pd.read_csv(folder / "comparison.csv")
    return [tuple(values) for values in rows[list(ROW_KEY)].itertuples(index=False)]


def _of(frame: Any, key: tuple[Any, ...], backend: str) -> Any:
    """Return the part of what the snippet computed for one row and backend."""
    for name, value in zip([*ROW_KEY, "backend"], [*key, backend], strict=True):
        level = frame.index.get_level_values(name)
        frame = frame[level.isna() if pd.isna(value) else level == value]
    return frame


def test_the_numbers_of_the_table(found: dict[str, Any], folder: Path, page: str) -> None:
    keys, checked = _keys(folder), 0
    for (number, backend), values in table_values(page).items():
        line = _of(found["table"], keys[number - 1], backend)
        for column, value in values.items():
            if column == "interval":
                [interval] = _of(found["intervals"], keys[number - 1], backend).tolist() or [None]
                expected = interval and interval[1] - interval[0]
            else:
                expected = line[column].iloc[0] if len(line) else None
            expected = None if expected is None or pd.isna(expected) else expected
            assert value == (None if expected is None else pytest.approx(expected, rel=1e-12)), (
                f"row {number}, {backend}, {column}"
            )
            checked += value is not None
    assert checked > 150


def test_the_numbers_of_the_charts(found: dict[str, Any], folder: Path, page: str) -> None:
    keys, checked = _keys(folder), 0
    ends = {"": "median", "_low": "min", "_high": "max"}
    for key, series in zip(keys, chart_data(page)["rows"], strict=True):
        for point in series["curves"]:
            prefix = "val_" if point["part"] == "validation" else ""
            own = _of(found["curves"], key, point["backend"]).xs(point["epoch"], level="epoch")
            for name in ("loss", "accuracy"):
                for end, statistic in ends.items():
                    assert point[f"{name}{end}"] == own[(f"{prefix}{name}", statistic)].iloc[0]
                    checked += 1
        for point in series["elapsed"]:
            own = _of(found["elapsed"], key, point["backend"]).xs(point["epoch"], level="epoch")
            assert point["seconds"] == pytest.approx(own["seconds_so_far"].iloc[0], rel=1e-12)
            assert point["val_accuracy"] == own["val_accuracy"].iloc[0]
        for backend in {point["backend"] for point in series["points"]}:
            raw = sorted(p["seconds"] for p in series["points"] if p["backend"] == backend)
            own = found["steady"].set_index([*ROW_KEY, "backend"])["train_seconds"]
            assert raw == sorted(_of(own, key, backend))
        for part in series["phases"]:
            own = _of(found["phases"], key, part["backend"])
            seconds = own[list(PHASE_PARTS[part["part"]])].iloc[0].sum()
            assert part["seconds"] == pytest.approx(seconds, rel=1e-12)
            checked += 1
    assert checked > 250


def test_the_ratios_of_a_race(folder: Path) -> None:
    names: dict[str, Any] = {}
    exec(_RATIOS.replace("reports/latest", str(folder)), names)
    logs = (names["logs"]["jax"] - names["logs"]["torch"]).groupby(names["race"]).median()
    ratios = pd.read_csv(folder / "ratios.csv").query("numerator == 'jax' and quantity == 'epoch'")
    assert len(logs) == len(ratios) == 1
    assert np.exp(logs.iloc[0]) == pytest.approx(ratios["ratio"].iloc[0], rel=1e-8)


def test_the_last_values_of_every_metric(folder: Path) -> None:
    names: dict[str, Any] = {}
    exec(_METRICS.replace("reports/latest", str(folder)), names)
    cells = pd.read_csv(folder / "cells.csv").query("status == 'ok' and not instrumented")
    columns = {("train", "loss"): "final_loss", ("validation", "accuracy"): "final_val_accuracy"}
    for (split, metric), column in columns.items():
        own = names["final"].xs((split, metric), level=("split", "metric")).droplevel("phase")
        expected = cells.groupby("cell_id")[column].median()
        assert own.to_dict() == pytest.approx(expected.to_dict(), rel=1e-12)
        assert len(own) == cells["cell_id"].nunique()
