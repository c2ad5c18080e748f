"""The page of a comparison: what one side lacks comes first, every ratio is drawn or counted."""

import pytest

from bench.report.render.compare import MOST_DRAWN, compare_page
from bench.report.render.format import Row, table_rows
from bench.report.render.html import template as shell
from bench.report.tables.compare_runs import compare_frame
from bench.report.tables.run_selection import ComparedRun
from tests.fixtures.pages import chart_data
from tests.fixtures.runs import golden_sides, launches


@pytest.fixture(autouse=True)
def no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the plotting library: it is the browser test's."""
    monkeypatch.setattr(shell, "_bundle", lambda: "")


def _rows(a: ComparedRun, b: ComparedRun) -> list[Row]:
    return table_rows(compare_frame(a, b))


def test_cells_of_one_side_come_before_all_figures() -> None:
    a, b = golden_sides()
    text = compare_page(_rows(a, b), "before", "after")
    assert "Not compared: 3 of 9 cells are in only one run" in text
    assert text.index('id="only_in_one"') < text.index('id="changes"') < text.index('class="group"')


def test_each_ratio_is_drawn_with_its_interval() -> None:
    a, b = golden_sides()
    rows = _rows(a, b)
    [series] = chart_data(compare_page(rows, "before", "after"))["rows"]
    assert [(point["ratio"], point["low"], point["high"]) for point in series["changes"]] == [
        (row["seconds_ratio"], row["seconds_ratio_low"], row["seconds_ratio_high"])
        for row in rows
        if row["time"] == "ok"
    ]


def test_text_of_records_is_shown_and_never_acts() -> None:
    a, b = golden_sides()
    text = compare_page(_rows(a, b), "<img src=x>", "after")
    assert "<img" not in text and "&lt;img src=x&gt;" in text
    assert "\x1b" not in text and "&lt;script&gt;" in text


def test_without_a_ratio_there_is_no_figure() -> None:
    text = compare_page(_rows(*[ComparedRun("A", launches(2.0, 1))] * 2), "A", "B")
    assert 'id="changes"' not in text and "no interval: 1 launch each" in text


def test_of_very_many_ratios_some_are_drawn_and_the_page_says_so() -> None:
    records = [record for seed in range(101) for record in launches(2.0, seed=seed)]
    sides = [ComparedRun(name, records) for name in "AB"]
    text = compare_page(_rows(*sides), "A", "B")
    assert f"shows the first {MOST_DRAWN} of 101 ratios; the tables contain all." in text
    assert len(chart_data(text)["rows"][0]["changes"]) == MOST_DRAWN
