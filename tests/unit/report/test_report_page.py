"""The page: honest verdicts, all numbers, nothing that a record's text could do."""

import json
from typing import Any

import pytest

from bench.core.cell import BACKENDS
from bench.core.headline import Headline
from bench.report.charts.data import MOST_EPOCHS, MOST_POINTS, Drawn, chart_data, newest_ratios
from bench.report.charts.palette import BACKEND_COLOURS
from bench.report.charts.render import CHARTS
from bench.report.render.format import table_rows
from bench.report.render.html import template as shell
from bench.report.render.html.page import page_text
from bench.report.render.html.table import first_at_level
from bench.report.render.summary import summarise_row
from bench.report.tables.build import make_tables
from tests.fixtures.pages import chart_data as page_data
from tests.fixtures.records import make_record, race_records

HOSTILE = "<script>alert(1)</script>\x1b[31m & \"quoted\" 'text' </pre>"


@pytest.fixture(autouse=True)
def no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the plotting library: it is the browser test's."""
    monkeypatch.setattr(shell, "_bundle", lambda: "")


def _page(*records: Any) -> str:
    return page_text(make_tables(records), "A title")


def _verdict(*records: Any) -> str:
    tables = make_tables(records)
    [row] = table_rows(tables.comparison)
    ratios = list(newest_ratios(table_rows(tables.ratios)).values())
    return summarise_row(row, ratios[0] if ratios else [])


def _drawn(*records: Any) -> Drawn:
    tables = make_tables(records)
    return chart_data(tables, table_rows(tables.comparison))[0]


def test_every_backend_has_one_colour_of_its_own() -> None:
    assert tuple(BACKEND_COLOURS) == BACKENDS
    assert len(set(BACKEND_COLOURS.values())) == len(BACKENDS)


def test_a_race_names_the_fastest_with_its_factors_and_their_intervals() -> None:
    text = _verdict(*race_records({"jax": 3.0, "torch": 2.0}, 6, jitter=0.04))
    assert text.startswith("torch is the fastest: an epoch takes jax 1.4")
    assert "] times as long (interleaved, 6 rounds, 95% intervals)." in text


def test_a_race_whose_interval_holds_1_names_no_fastest() -> None:
    text = _verdict(*race_records({"jax": 2.0, "torch": 2.0}, 7, jitter=0.3))
    assert text.startswith("No backend is clearly the fastest: against ")


def test_an_unstable_race_gives_no_factor() -> None:
    records = race_records({"jax": 3.0, "torch": 2.0}, 6, slowness=lambda n: 1 + n / 4)
    assert _verdict(*records).startswith("The race gives no ratio. It is unstable: ")


def test_without_a_race_the_verdict_says_so_and_gives_no_factor() -> None:
    text = _verdict(make_record(), make_record(backend="torch", train_seconds=[3.0, 3.0, 3.0]))
    assert text.startswith("Not measured interleaved: jax has the lowest median epoch (jax 2 s, ")
    assert "times as long" not in text


def test_unlike_records_name_no_fastest() -> None:
    text = _verdict(make_record(), make_record(backend="torch", parameters=1))
    assert text.startswith("No fastest backend is named, because they differ in parameters.")


@pytest.mark.parametrize(
    ("accuracies", "sentence"),
    [
        (
            [0.5, 0.8, 0.9, 0.95, 0.96],
            "Accuracy held: jax 0.9600, all at or above the floor of 0.9.",
        ),
        (
            [0.5, 0.8, 0.9, 0.95, 0.4],
            "Accuracy did NOT hold: jax is below the floor of 0.9 (jax 0.4000).",
        ),
        ([0.1, 0.2, 0.3], "no floor is set"),
    ],
)
def test_the_verdict_says_whether_accuracy_held(accuracies: list[float], sentence: str) -> None:
    assert sentence in _verdict(make_record(epochs=len(accuracies), val_accuracies=accuracies))


def test_the_verdict_names_who_failed() -> None:
    text = _verdict(make_record(), make_record(backend="torch", status="failed"))
    assert text.endswith("Failed: torch (1 of 1 launches).")


def test_text_of_records_is_shown_and_never_acts() -> None:
    text = _page(
        make_record(),
        make_record(
            backend="torch", status="failed", reason=HOSTILE, log_tail=f"one\n  {HOSTILE}\nthree"
        ),
    )
    assert "<script>alert" not in text
    assert "\x1b" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2
    assert "one\n  &lt;script" in text


def test_a_hostile_name_is_harmless_too() -> None:
    name = "</script><img src=x onerror=alert(1)>.py:build"
    text = _page(make_record(workload=name), make_record(workload=name, backend="torch"))
    assert "<img" not in text
    assert json.dumps(page_data(text))


def test_a_failed_cell_shows_its_reason_and_the_end_of_its_log() -> None:
    text = _page(make_record(status="failed", reason="out of memory", log_tail="Killed\n"))
    assert '<p class="reason">out of memory</p>' in text
    assert "<pre>Killed</pre>" in text


def test_without_a_failed_cell_there_is_no_place_for_one() -> None:
    assert 'id="failed"' not in _page(make_record())


def test_a_record_of_version_1_gets_sentences_in_place_of_what_it_lacks() -> None:
    old = make_record(
        record_version=1,
        calibration=None,
        interpreter_seconds=None,
        exit_seconds=None,
        forward_macs=None,
        baseline_memory_bytes=None,
        harness_seconds=None,
    )
    text = _page(old)
    for name in ("ratios", "phases", "work"):
        assert f'<p class="missing">{CHARTS[name].missing}</p>' in text.replace("&#39;", "'")
    assert 'data-chart="memory"' in text and 'data-chart="loss"' in text


def test_a_model_without_an_accuracy_has_no_accuracy_chart() -> None:
    tables = make_tables([make_record()])
    for column in ("accuracy", "val_accuracy"):
        tables.epochs[column] = None
    tables.epochs[["accuracy", "val_accuracy"]] = tables.epochs[
        ["accuracy", "val_accuracy"]
    ].astype("Float64")
    text = page_text(tables, "x")
    assert 'data-chart="accuracy"' not in text and 'data-chart="elapsed"' not in text
    assert 'data-chart="loss"' in text


def test_no_records_give_a_page_that_says_so() -> None:
    assert "There is no record yet." in _page()


def test_a_backend_whose_records_are_not_pooled_is_not_drawn() -> None:
    drawn = _drawn(make_record(), make_record(digest="d" * 64, repetition=1))
    assert not any(drawn.series[name] for name in ("curves", "points", "phases", "memory"))


def test_many_epochs_are_thinned_and_the_page_says_so() -> None:
    drawn = _drawn(make_record(train_seconds=[1.0 + n / 1000 for n in range(2001)]))
    assert len(drawn.series["points"]) == MOST_POINTS
    assert len(drawn.series["curves"]) == 2 * MOST_EPOCHS
    seconds = [point["seconds"] for point in drawn.series["points"]]
    assert (seconds[0], seconds[-1]) == (1.001, 3.0)
    assert drawn.notes == [
        "The curves show 200 of 2,001 epochs, evenly spaced.",
        "The chart shows 500 evenly spaced ranks of up to 2,000 times.",
    ]


def test_who_is_first_at_each_accuracy_counts_the_training_of_all_epochs_before() -> None:
    slow = make_record(train_seconds=[4.0, 2.0, 2.0], val_accuracies=[0.4, 0.5, 0.6])
    fast = make_record(
        backend="torch", train_seconds=[1.0, 1.0, 1.0], val_accuracies=[0.3, 0.45, 0.5]
    )
    table = first_at_level(_drawn(slow, fast).series, Headline("val_accuracy", "max"))
    assert table is not None
    assert table.headings == ["validation accuracy", "jax s", "torch s"]
    assert table.lines[2:] == [
        ["0.40", "4.0", "2.0 (first)"],
        ["0.45", "6.0", "2.0 (first)"],
        ["0.50", "6.0", "3.0 (first)"],
        ["0.55", "8.0 (first)", "not reached"],
        ["0.60", "8.0 (first)", "not reached"],
    ]
