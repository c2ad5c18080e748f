"""Steps of instrumented launches: raw in steps.csv, summed up without the warm-up."""

import numpy as np
import pytest

from bench.report.render.markdown import report_markdown
from bench.report.tables.build import make_tables
from bench.report.tables.epochs import step_figures, steps_frame
from tests.fixtures.records import make_detail, make_record, race_records

STEPS = [[9.0, 8.0, 7.0], [0.1, 0.3, 0.2], [0.4, 0.2, 0.1]]
INSTRUMENTED = {"instrumented": True, "detail": make_detail(STEPS)}


def test_every_step_has_a_row_and_the_last_of_an_epoch_no_gap() -> None:
    frame = steps_frame([make_record(), make_record(**INSTRUMENTED)])
    assert frame["epoch"].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert frame["step"].tolist() == [1, 2, 3] * 3
    assert frame["step_seconds"].tolist() == [*STEPS[0], *STEPS[1], *STEPS[2]]
    assert frame["gap_seconds"].isna().tolist() == [False, False, True] * 3
    assert frame["gap_seconds"].iloc[0] == pytest.approx(0.9)


def test_figures_leave_the_warm_up_out_and_take_all_records_together() -> None:
    steady = [*STEPS[1], *STEPS[2]]
    records = [make_record(**INSTRUMENTED, repetition=number) for number in range(2)]
    figures = step_figures([*records, make_record(status="failed", instrumented=True)])
    assert figures.n == 12
    assert figures.median_seconds == np.median(steady)
    assert figures.p95_seconds == pytest.approx(np.quantile(steady * 2, 0.95))
    assert figures.max_seconds == 0.4
    assert figures.gap_median_seconds == pytest.approx(0.025)
    assert figures.feed_seconds == 0.125


def test_without_a_steady_step_there_are_no_figures() -> None:
    only_warmup = make_record(epochs=1, instrumented=True, detail=make_detail([[1.0]]))
    for records in ([], [only_warmup], [make_record(status="failed", instrumented=True)]):
        assert step_figures(records)[:5] == (0, None, None, None, None)


def _step_lines(*records: object) -> list[str]:
    text = report_markdown(make_tables(records), "x")  # type: ignore[arg-type]
    section = text.partition("## Steps\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith(("| lab", "- "))]


def test_the_slowdown_by_the_callbacks_stands_beside_the_steps_with_its_interval() -> None:
    [line] = _step_lines(*race_records({"torch": 2.0, "torch instrumented": 2.5}, 6))
    assert line.endswith("| 1.25 [1.25, 1.25], 6 rounds |")


def test_of_several_races_the_newest_tells_the_slowdown() -> None:
    older = race_records({"torch": 2.0, "torch instrumented": 4.0}, 6, run_id="2025")
    newer = race_records({"torch": 2.0, "torch instrumented": 2.5}, 6, run_id="2026")
    [line] = _step_lines(*newer, *older)
    assert line.endswith("| 1.25 [1.25, 1.25], 6 rounds |")


def test_an_instrumented_launch_outside_a_race_has_no_slowdown() -> None:
    [line] = _step_lines(make_record(), make_record(**INSTRUMENTED))
    assert line.endswith("| 0.125 |  |")


def test_a_failed_or_too_short_instrumented_launch_is_told() -> None:
    failed = make_record(status="failed", instrumented=True, reason="out of <memory>")
    line, reason = _step_lines(failed)
    assert "| failed |" in line
    assert reason.endswith(": out of &lt;memory&gt;")
    short = make_record(epochs=1, instrumented=True, detail=make_detail([[1.0]]))
    assert "| warm-up only |" in _step_lines(short)[0]


def test_without_an_instrumented_record_there_is_no_section_on_steps() -> None:
    assert "## Steps" not in report_markdown(make_tables([make_record()]), "x")
