"""Pages of many records."""

from typing import Any

import pandas as pd
import pytest

from bench.report.charts.render import CHARTS
from bench.report.render.format import row_key, table_rows
from bench.report.render.html import template as shell
from bench.report.render.html.page import page_text
from bench.report.tables.build import first_rows, make_tables
from tests.fixtures.pages import chart_data as page_data
from tests.fixtures.pages import table_values
from tests.fixtures.records import golden_records, make_record


@pytest.fixture(autouse=True)
def no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the plotting library: it is the browser test's."""
    monkeypatch.setattr(shell, "_bundle", lambda: "")


def _page(*records: Any) -> str:
    return page_text(make_tables(records), "A title")


def test_the_page_holds_every_section() -> None:
    text = _page(*golden_records())
    for name in ("verdict", "comparison", "failed", "row-1", "row-6", "measured"):
        assert f' id="{name}"' in text
    other = {"headline", "elapsed_headline"}  # of rows that another metric than accuracy judges
    for name in CHARTS:
        assert text.count(f'<figure data-figure="{name}">') == (0 if name in other else 6)


def test_many_rows_are_left_out_and_the_page_says_so() -> None:
    text = _page(*(make_record(seed=seed) for seed in range(201)))
    assert "This page shows 200 of 201 rows of the comparison; all are in comparison.csv." in text
    assert "This page shows 12 of 201 rows with their charts" in text
    assert len(table_values(text)) == 200
    assert len(page_data(text)["rows"]) == 12


def test_the_tables_of_the_first_rows_are_those_of_their_records_alone() -> None:
    records = [*golden_records(), make_record(instrumented=True, seed=9)]
    tables = make_tables(records)
    for most in (1, 3):
        shown = first_rows(tables, most)
        pd.testing.assert_frame_equal(shown.comparison, tables.comparison.head(most))
        rows = {row_key(row) for row in table_rows(shown.comparison)}
        assert len(shown.records) == sum(row_key(r) in rows for r in table_rows(tables.cells))
    assert first_rows(tables, len(tables.comparison)) is tables
