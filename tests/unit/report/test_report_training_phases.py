"""The phases of a user's own training: a row each, ratios of races, and what differs."""

from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console

from bench.core.headline import headline_of
from bench.core.record import Record
from bench.report.charts.data import chart_data
from bench.report.charts.render import CHARTS
from bench.report.render.format import Row, table_rows
from bench.report.render.history import history_texts
from bench.report.render.html import template as shell
from bench.report.render.html.page import page_text
from bench.report.render.markdown import report_markdown
from bench.report.render.ratios import ratio_lines
from bench.report.render.summary import summarise_row
from bench.report.render.terminal import comparison_renderables, ratio_renderables
from bench.report.tables.build import Tables, first_rows, make_tables
from bench.report.tables.columns import sorted_records
from bench.report.tables.compare_runs import compare_frame
from bench.report.tables.history import history_frame
from bench.report.tables.phase_records import is_first, phase_of, phase_records
from bench.report.tables.provenance import records_sentence
from bench.report.tables.run_selection import ComparedRun
from tests.fixtures.pages import table_values
from tests.fixtures.records import make_phase, make_record, script_record

AUC = [{"loss": 0.5, "auc": 0.9}]


@pytest.fixture(autouse=True)
def no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the plotting library."""
    monkeypatch.setattr(shell, "_bundle", lambda: "")


def _launch(factor: float = 1.0, **overrides: Any) -> Record:
    """Return a launch of the phases script, fit, evaluate and fit 2, in this order."""
    phases = (
        make_phase("script", line=None),
        make_phase("fit", [3 * factor, 2 * factor, 2 * factor], calls=2),
        make_phase("evaluate", [factor], logs=AUC, line=20),
        make_phase("fit 2", [factor], line=31),
    )
    return script_record(*phases, **overrides)


def _race(rounds: int = 6) -> list[Record]:
    return [
        _launch(factor + number / 50, backend=backend, place=(number, place), run_id="race")
        for number in range(rounds)
        for place, (backend, factor) in enumerate([("jax", 1.0), ("torch", 1.5)])
    ]


def _rows(tables: Tables) -> dict[str, Row]:
    return {row["phase"]: row for row in table_rows(tables.comparison)}


def _printed(parts: Sequence[Any]) -> str:
    console = Console(width=100, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(*parts)
    return " ".join(capture.get().split())


def test_a_record_without_phases_stays_as_it_is() -> None:
    plain = make_record()
    assert phase_records(plain) == [plain]
    assert phase_of(plain) is None


def test_a_phase_is_a_record_with_its_own_epochs_and_facts() -> None:
    launch = _launch()
    phases = phase_records(launch)
    assert [phase_of(each) for each in phases] == ["script", "fit", "evaluate", "fit 2"]
    assert [is_first(each) for each in phases] == [True, False, False, False]
    fit = phases[1].result
    assert fit is not None
    assert [epoch.train_seconds for epoch in fit.epochs] == [3.0, 2.0, 2.0]
    assert (fit.train_images, fit.parameters, fit.fit_seconds_total) == (640, 100, 7.5)
    assert all(each.cell == launch.cell for each in phases)
    assert [each for phase in phases for each in phase_records(phase)] == phases


def test_tables_have_a_row_per_phase_in_the_order_of_the_launch() -> None:
    tables = make_tables([_launch()])
    cells = table_rows(tables.cells)
    assert [row["phase"] for row in cells] == ["script", "fit", "evaluate", "fit 2"]
    assert [row["phase_number"] for row in cells] == [1, 2, 3, 4]
    assert [row["phase_line"] for row in cells] == [None, 12, 20, 31]
    assert [row["phase_calls"] for row in cells] == [1, 2, 1, 1]
    assert [row["phase_seconds"] for row in cells] == [0.5, 7.5, 1.5, 1.5]
    assert [row["compared"] for row in cells] == ["phase", "epoch", "phase", "phase"]
    assert [row["epoch_seconds_median"] for row in cells] == [None, 2.0, None, None]
    assert list(_rows(tables)) == ["script", "fit", "evaluate", "fit 2"]
    assert tables.epochs["epoch"].isna().tolist() == [True, *[False] * 5]
    assert tables.launches == tables.records[:1]
    assert records_sentence(tables.launches).startswith("1 records, 0 of them failed")


def test_ordinary_cells_have_an_empty_phase_and_are_compared_by_their_epochs() -> None:
    [row] = table_rows(make_tables([make_record()]).cells)
    assert (row["phase"], row["compared"], row["phase_seconds"]) == (None, "epoch", None)


def test_the_logs_of_a_phase_are_in_metrics_csv_and_those_of_evaluate_are_validation() -> None:
    metrics = table_rows(make_tables([_launch()]).metrics)
    assert {row["phase"] for row in metrics} == {"fit", "evaluate", "fit 2"}
    evaluated = [row for row in metrics if row["phase"] == "evaluate"]
    assert [(row["split"], row["metric"], row["value"]) for row in evaluated] == [
        ("validation", "loss", 0.5),
        ("validation", "auc", 0.9),
    ]


def test_a_race_gives_ratios_phase_by_phase() -> None:
    tables = make_tables(_race())
    ratios = table_rows(tables.ratios)
    assert [(row["phase"], row["quantity"]) for row in ratios] == [
        ("script", "phase"),
        ("fit", "epoch"),
        ("fit", "steps"),
        ("evaluate", "phase"),
        ("fit 2", "phase"),
    ]
    assert all(row["status"] == "ok" for row in ratios)
    assert ratios[1]["ratio"] == pytest.approx(1.05 / 1.55, rel=0.02)
    assert ratios[3]["ratio"] == pytest.approx(1.55 / 2.05, rel=0.02)
    rows = _rows(tables)
    assert [row["fastest_backend"] for row in rows.values()] == ["jax"] * 4
    assert rows["evaluate"]["jax_phase_seconds_median"] == pytest.approx(1.55)
    text = summarise_row(rows["evaluate"], ratios[3:4])
    assert text.startswith("jax is the fastest: the phase takes torch 1.3")
    assert ratio_lines(ratios[3:4])[0][1].startswith("phase 0.7")


def test_a_backend_whose_script_has_other_phases_is_named() -> None:
    other = script_record(make_phase("fit", [3.0, 2.0, 2.0], calls=2), backend="torch")
    tables = make_tables([_launch(), other])
    rows = _rows(tables)
    assert list(rows) == ["script", "fit", "evaluate", "fit 2"]
    assert rows["fit"]["torch_status"] == "ok"
    assert rows["fit 2"]["torch_status"] == "no phase"
    assert rows["fit 2"]["torch_reason"] == "it has no phase fit 2; its phases are fit"
    assert rows["fit 2"]["tensorflow_status"] == "missing"
    printed = _printed(comparison_renderables(tables))
    assert "torch: it has no phase fit 2; its phases are fit" in printed


def test_phases_with_other_numbers_of_calls_are_not_compared() -> None:
    once = make_phase("evaluate", [1.0], logs=AUC)
    twice = make_phase("evaluate", [1.0], logs=AUC, calls=2)
    records = [script_record(once), script_record(twice, backend="torch")]
    row = _rows(make_tables(records))["evaluate"]
    assert (row["mismatched"], row["fastest_backend"]) == ("phase_calls", None)


def test_a_failed_launch_stands_for_every_phase_and_counts_once() -> None:
    failed = script_record(backend="torch", status="failed")
    tables = make_tables([_launch(), failed])
    rows = _rows(tables)
    assert [row["torch_status"] for row in rows.values()] == ["failed"] * 4
    assert records_sentence(tables.launches).startswith("2 records, 1 of them failed")


def test_a_failed_launch_is_one_failure_on_the_page() -> None:
    phases = (make_phase("fit", [3.0, 2.0]), make_phase("fit 2", [1.0]))
    failed = script_record(backend="torch", status="failed")
    page = page_text(make_tables([script_record(*phases), failed]), "A title")
    assert page.count('<article class="failure">') == 1


def test_a_failed_launch_alone_is_a_row_without_a_phase() -> None:
    [row] = table_rows(make_tables([script_record(status="failed")]).comparison)
    assert (row["phase"], row["jax_status"]) == (None, "failed")


def test_a_part_of_the_rows_has_whole_phases() -> None:
    tables = make_tables([_launch(), _launch(backend="torch")])
    shown = first_rows(tables, 2)
    assert shown.comparison["phase"].tolist() == ["script", "fit"]
    assert [phase_of(record) for record in shown.records] == ["script", "fit"] * 2


@pytest.fixture(scope="module")
def short() -> Tables:
    """Return the tables of two phases."""
    phases = (make_phase("fit", [3.0, 2.0], calls=2), make_phase("fit 2", [1.0]))
    return make_tables([script_record(*phases, place=(0, 0), run_id="race")])


def test_markdown_shows_the_phases(short: Tables) -> None:
    markdown = report_markdown(short, "A title")
    assert "## script:/work/train.py, phase fit 2, lane default, on its own data" in markdown
    assert ", cpu, line 12, 2 calls." in markdown
    assert "see phase" in markdown


def test_the_page_shows_the_phases(short: Tables) -> None:
    page = page_text(short, "A title")
    assert "train.py, phase fit 2, default" in page
    assert "bNone" not in page
    assert "eNone" not in page
    assert 'data-column="phase_seconds_median"' in page


def test_a_terminal_shows_the_phases() -> None:
    tables = make_tables(_race(1))
    printed = _printed([*comparison_renderables(tables), *ratio_renderables(tables)])
    assert "* lowest median phase" in printed
    assert "of the seconds of the complete phase" in printed
    assert "phase s" in printed


def test_the_chart_of_a_whole_launch_leaves_phases_out() -> None:
    tables = make_tables([_launch()])
    drawn = chart_data(tables, table_rows(tables.comparison))
    assert all(each.series["phases"] == [] for each in drawn)
    assert "is only a part of a launch" in CHARTS["phases"].missing


def test_runs_are_compared_phase_by_phase() -> None:
    before = [_launch(1.0 + n / 100, repetition=n) for n in range(6)]
    after = [_launch(1.2 + n / 100, repetition=n) for n in range(6)]
    a, b = (ComparedRun(name, sorted_records(own)) for name, own in (("a", before), ("b", after)))
    rows = {row["phase"]: row for row in table_rows(compare_frame(a, b))}
    assert list(rows) == ["script", "fit", "evaluate", "fit 2"]
    assert rows["fit"]["seconds_ratio"] == pytest.approx(1.2, rel=0.02)
    assert rows["evaluate"]["seconds_ratio"] == pytest.approx(1.7 / 1.5, rel=0.02)
    assert rows["evaluate"]["epoch_seconds_a"] == pytest.approx(1.525)


def test_a_history_has_the_runs_of_each_phase_after_each_other() -> None:
    first = _launch(run_id="1", started_at="2026-11-01T12:00:00+00:00")
    second = _launch(2.0, run_id="2", started_at="2026-11-02T12:00:00+00:00")
    rows = table_rows(history_frame([second, first]))
    assert [(row["phase"], row["run_id"]) for row in rows[:4]] == [
        *(("script", "1"), ("script", "2"), ("fit", "1"), ("fit", "2"))
    ]
    texts = history_texts(rows)
    assert texts[2][:2] == ["1, fit", "2.000"]
    assert texts[5][:2] == ["2, evaluate", "2.500 (phase)"]


def test_a_launch_is_judged_by_its_last_fit() -> None:
    result = _launch().result
    assert result is not None
    headline = headline_of(result)
    assert headline is not None
    assert headline.final(result) == pytest.approx(0.375)


@pytest.mark.parametrize("logs", [{}, {"d_loss": 0.5, "g_loss": None}])
def test_an_epoch_without_loss_validation_or_counts_is_no_error(
    logs: dict[str, float | None],
) -> None:
    fields: dict[str, Any] = dict.fromkeys(("train_images", "validation_images", "forward_macs"))
    fields |= {"parameters": None, "trainable_parameters": None, "uncounted_reason": "never built"}
    record = make_record(logs=[logs] * 3, **fields)
    tables = make_tables([record])
    [cell], [row] = table_rows(tables.cells), table_rows(tables.comparison)
    assert cell["uncounted_reason"] == "never built"
    assert cell["parameters"] is cell["images_per_second"] is cell["headline_metric"] is None
    assert "held" not in summarise_row(row, [])
    lines = [each for each in report_markdown(tables, "").splitlines() if each.startswith("| jax")]
    assert lines[0] == "| jax | 2.000 [2.000 to 2.000], n=2 | 10.000 |  | 1.500 |  |  |  |  |"
    [values] = table_values(page_text(tables, "A title")).values()
    assert values["final_loss"] is values["images_per_second"] is None
    assert "nan" not in _printed(comparison_renderables(tables))
