"""The headline metric in every report: names, direction, floors, and a metric that is missing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

import models.table
from bench.core.headline import Headline
from bench.core.record import Record
from bench.report.charts.data import chart_data
from bench.report.charts.render import hidden_charts, row_svg
from bench.report.render.compare import compare_markdown, compare_page, compare_renderables
from bench.report.render.format import Row, table_rows
from bench.report.render.headline import headline_text
from bench.report.render.history import history_renderables, write_history
from bench.report.render.html import template as shell
from bench.report.render.html.page import page_text
from bench.report.render.html.table import first_at_level
from bench.report.render.markdown import report_markdown
from bench.report.render.summary import summarise_row
from bench.report.render.terminal import comparison_renderables
from bench.report.tables.build import make_tables
from bench.report.tables.columns import sorted_records
from bench.report.tables.compare_runs import compare_frame
from bench.report.tables.history import history_frame
from bench.report.tables.run_selection import ComparedRun
from tests.fixtures.records import make_record


@pytest.fixture(autouse=True)
def no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the plotting library."""
    monkeypatch.setattr(shell, "_bundle", lambda: "")


def _judged(values: Sequence[float], metric: str = "auc", **fields: Any) -> Record:
    """Return a record whose headline is a validation metric of these values."""
    logs = [{"loss": 1.0, metric: 0.5, "val_loss": 2.0, f"val_{metric}": value} for value in values]

    seconds = [4.0, *[2.0] * (len(values) - 1)]
    own = {"logs": logs, "train_seconds": seconds, "headline": f"val_{metric}"}
    return make_record(**{**own, **fields})


def _row(*records: Record) -> Row:
    [row] = table_rows(make_tables(records).comparison)
    return row


def _printed(parts: Sequence[Any]) -> str:
    console = Console(width=100, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(*parts)
    return capture.get()


def test_cells_and_comparison_hold_the_metric_its_mode_and_its_values() -> None:
    tables = make_tables([_judged([0.6, 0.9, 0.8]), _judged([0.5, 0.7, 0.7], backend="torch")])
    [first, _] = table_rows(tables.cells)
    assert (first["headline_metric"], first["headline_mode"]) == ("val_auc", "max")
    assert (first["final_headline"], first["best_headline"]) == (0.8, 0.9)
    assert first["final_val_accuracy"] is None
    assert tables.epochs["headline"].tolist()[:3] == [0.6, 0.9, 0.8]
    assert set(tables.epochs["train_headline"]) == {0.5}


def test_the_comparison_is_by_the_median_of_the_headline() -> None:
    row = _row(_judged([0.6, 0.8]), _judged([0.6, 0.7], repetition=1))
    assert (row["headline_metric"], row["headline_mode"]) == ("val_auc", "max")
    assert row["jax_final_headline"] == pytest.approx(0.75)
    assert row["jax_best_headline"] == pytest.approx(0.75)


def test_a_smaller_error_is_the_best_one() -> None:
    row = _row(_judged([5.0, 3.0, 4.0], metric="mae"))
    assert (row["headline_mode"], row["jax_best_headline"]) == ("min", 3.0)


def test_records_of_several_metrics_have_no_headline_and_the_reason() -> None:
    row = _row(_judged([0.6, 0.8]), _judged([0.6, 0.8], metric="recall", backend="torch"))
    assert row["headline_metric"] is None
    assert row["jax_final_headline"] is None
    assert row["headline_reason"] == (
        "the records are judged by different metrics: val_auc (max) and val_recall (max)"
    )
    assert "No headline metric: the records are judged by" in summarise_row(row, [])


def test_a_missing_metric_is_one_sentence_that_names_the_logs() -> None:
    row = _row(_judged([0.6, 0.8], headline="val_f1_score"))
    sentence = "No headline metric: jax: there is no val_f1_score; the logs are loss, auc, val_loss"
    assert f"{sentence}, val_auc." in summarise_row(row, [])


def test_every_table_shows_a_metric_that_it_has_no_column_for() -> None:
    hostile = "auc|<b>[red]"
    records = [_judged([0.6, 0.8], metric=hostile), _judged([0.6, 0.7], hostile, backend="torch")]
    tables = make_tables(records)
    markdown, page = report_markdown(tables, "A title"), page_text(tables, "A title")
    assert "val_auc\\|&lt;b&gt;\\[red\\]" in markdown
    assert "0.8000" in markdown
    assert "<b>" not in page
    assert ">val_auc|&lt;b&gt;[red] 0.8000<" in page
    printed = _printed(comparison_renderables(tables))
    assert "auc|<b>" in printed
    assert "0.8000" in printed


def test_a_metric_that_every_table_shows_anyway_gets_no_second_column() -> None:
    plain = make_tables([_judged([1.5, 1.0], metric="loss")])
    assert 'data-column="final_headline"' not in page_text(plain, "A title")


def test_the_charts_of_a_row_are_those_of_its_headline(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = make_tables([_judged([0.6, 0.8])])
    [row] = table_rows(tables.comparison)
    [drawn] = chart_data(tables, [row])
    assert hidden_charts(row) == {"elapsed"}
    assert [point["headline"] for point in drawn.series["elapsed_headline"]] == [0.6, 0.8]
    assert [point["headline"] for point in drawn.series["curves"]] == [0.5, 0.5, 0.6, 0.8]
    specs: list[dict[str, Any]] = []

    def draw(spec: dict[str, Any], **_: Any) -> str:
        specs.append(spec)
        return "<svg/>"

    monkeypatch.setattr("vl_convert.vegalite_to_svg", draw)
    assert row_svg(drawn.series, "val_auc") == "<svg/>\n"
    axes = [chart["layer"][1]["encoding"]["y"]["title"] for chart in specs[0]["hconcat"][:2]]
    assert axes == ["loss", "val_auc"]
    assert "Headline metric against time: val_auc" in page_text(tables, "A title")


def test_the_charts_of_an_accuracy_are_todays() -> None:

    [row] = table_rows(make_tables([make_record()]).comparison)
    assert hidden_charts(row) == {"headline", "elapsed_headline"}


def test_the_first_backend_at_each_level_of_an_error_reaches_it_from_above() -> None:
    records = [
        _judged([8.0, 4.0, 2.0], metric="mae"),
        _judged([9.0, 3.0, 2.5], metric="mae", backend="torch"),
    ]
    tables = make_tables(records)
    [drawn] = chart_data(tables, table_rows(tables.comparison))
    table = first_at_level(drawn.series, Headline("val_mae", "min"))
    assert table is not None
    assert table.headings == ["val_mae", "jax s", "torch s"]
    assert table.lines[-3:] == [
        ["4.0000", "6.0 (first)", "6.0 (first)"],
        ["3.0000", "8.0", "6.0 (first)"],
        ["2.0000", "8.0 (first)", "not reached"],
    ]


def test_the_floor_of_a_loss_is_held_from_below(monkeypatch: pytest.MonkeyPatch) -> None:
    workload = models.table.Workload(
        builder="models.lab:build_baseline",
        summary="a regression",
        parameters=1,
        trainable_parameters=1,
        forward_macs=1,
        dataset="digits",
        floor={"digits": 0.5},
        recipe=models.table.Recipe(metrics=(), epochs=2),
    )
    table = {**models.table.WORKLOADS, "regression": workload}
    monkeypatch.setattr("bench.report.render.headline.WORKLOADS", table)
    good = _judged([1.0, 0.25], metric="loss", workload="regression", headline=None)
    bad = _judged([1.0, 0.75], metric="loss", workload="regression", headline=None, backend="torch")
    assert "val_loss held: jax 0.2500, all at or below the floor of 0.5." in summarise_row(
        _row(good), []
    )
    text = summarise_row(_row(good, bad), [])
    assert "val_loss did NOT hold: torch is above the floor of 0.5 (jax 0.2500" in text


def _run(name: str, values: Sequence[float], **fields: Any) -> ComparedRun:
    records = [
        _judged([0.5, value], repetition=number, **fields) for number, value in enumerate(values)
    ]
    return ComparedRun(name, sorted_records(records))


def test_two_runs_are_compared_by_their_headline() -> None:
    a = _run("a", [0.60, 0.61, 0.62, 0.63, 0.64, 0.65])
    b = _run("b", [0.70, 0.71, 0.72, 0.73, 0.74, 0.75])
    [row] = table_rows(compare_frame(a, b))
    assert (row["headline_metric"], row["headline_mode"]) == ("val_auc", "max")
    assert row["headline_difference"] == pytest.approx(0.1)
    assert row["val_accuracy_difference"] is None
    for text in (
        compare_markdown([row], "a", "b"),
        compare_page([row], "a", "b"),
        _printed(compare_renderables([row], "a", "b")),
    ):
        assert "auc" in text
        assert "+0.1000" in text
        assert "+0.0700," in text


def test_two_runs_that_are_judged_by_different_metrics_have_no_difference() -> None:
    a, b = _run("a", [0.6] * 6), _run("b", [0.7] * 6, metric="recall")
    [row] = table_rows(compare_frame(a, b))
    assert row["headline_metric"] is row["headline_difference"] is None
    assert row["headline_reason"] == "A is judged by val_auc, B by val_recall"
    assert "no headline metric: A is judged by" in compare_markdown([row], "a", "b")


def test_a_history_names_the_metric_of_each_run_where_it_changed(tmp_path: Path) -> None:
    first = _judged([0.5, 0.6], run_id="1", started_at="2026-11-01T12:00:00+00:00")
    other = {"run_id": "2", "started_at": "2026-11-02T12:00:00+00:00"}
    for metric, heading, text in (("auc", "val_auc", "0.7000"), ("mae", "headline", "val_mae 0.7")):
        frame = history_frame([first, _judged([0.5, 0.7], metric, **other)])
        rows = table_rows(frame)
        write_history(tmp_path, frame, rows)
        markdown = (tmp_path / "history.md").read_text("utf-8")
        assert f"| {heading} |" in markdown
        assert text in markdown
        assert text.split()[-1] in _printed(history_renderables(rows))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5000"),
        (12.25, "12.2500"),
        (1234.56, "1,234.6"),
        (0.00012345, "0.0001234"),
        (0, "0.0000"),
    ],
)
def test_the_digits_of_a_headline(value: float, text: str) -> None:
    assert headline_text(value) == text


def test_metrics_csv_holds_every_log_in_order() -> None:
    record = _judged([0.6, 0.8], metric="auc")
    assert record.result is not None
    odd = msgspec.structs.replace(record.result.epochs[1], logs={"d_loss": None})
    result = msgspec.structs.replace(record.result, epochs=(record.result.epochs[0], odd))
    rows = table_rows(make_tables([msgspec.structs.replace(record, result=result)]).metrics)
    assert [(r["epoch"], r["split"], r["metric"], r["value"]) for r in rows] == [
        (1, "train", "loss", 1.0),
        (1, "train", "auc", 0.5),
        (1, "validation", "loss", 2.0),
        (1, "validation", "auc", 0.6),
        (2, "train", "d_loss", None),
    ]
    assert {row["cell_id"] for row in rows} == {record.cell.id}
