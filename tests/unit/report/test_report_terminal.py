"""What is printed at the end of a run."""

from collections.abc import Callable, Sequence

from rich.console import Console, RenderableType

from bench.core.record import Record
from bench.report.render.markdown import report_markdown
from bench.report.render.terminal import comparison_renderables, ratio_renderables
from bench.report.tables.build import Tables, make_tables
from tests.fixtures.records import golden_records, make_record, race_records


def _printed(
    records: Sequence[Record],
    render: Callable[[Tables], list[RenderableType]] = comparison_renderables,
) -> list[str]:
    console = Console(width=100, color_system=None, force_terminal=False)
    with console.capture() as capture:
        for renderable in render(make_tables(records)):
            console.print(renderable)
    return capture.get().splitlines()


def test_every_line_fits_100_columns_and_every_number_is_whole() -> None:
    hours = [9999.5, 4700.1, 4800.5]
    large = make_record(train_seconds=hours, peak_memory_bytes=123_456_789_012, seed=5)
    path = "/home/someone/" + "deep/" * 30 + "model.py:build"
    lines = _printed([*golden_records(), make_record(workload=path), large])
    assert max(len(line) for line in lines) <= 100
    text = "\n".join(lines)
    assert "123,457" in text
    assert "4,750.3" in text


def test_failed_missing_and_one_epoch_backends_are_named() -> None:
    text = " ".join(" ".join(_printed(golden_records())).split())
    assert "failed" in text
    assert "no record yet" in text
    assert "warm-up only" in text
    assert "(1 of 2 records failed)" in text
    assert "official: false, fingerprint aaaa" in text
    assert "no ratios are given" in text


def test_the_fastest_backend_is_marked_and_only_there() -> None:
    lines = _printed(golden_records())
    marked = [line.split()[0] for line in lines if line[:12].strip().endswith(" *")]
    assert marked == ["torch", "jax", "jax"]


def test_markup_and_terminal_escapes_of_a_record_are_shown_or_removed() -> None:
    reason = "[bold]no[/bold] [/] \x1b[2J\x1b]0;title\x07 \x9b31m"
    text = "\n".join(_printed([make_record(status="failed", reason=reason, workload="[red]x[/]")]))
    assert "[bold]no[/bold] [/]" in text
    assert "[red]x[/], lane default, on digits" in text
    assert not any(character in text for character in "\x1b\x07\x9b")


def test_unlike_backends_are_refused_in_words() -> None:
    records = [make_record(), make_record(backend="torch", parameters=1)]
    assert "no fastest backend, because they differ in parameters" in "\n".join(_printed(records))
    assert "No fastest backend is named, because they differ in parameters." in report_markdown(
        make_tables(records), "x"
    )


def test_without_records_it_says_so() -> None:
    assert _printed([]) == ["There is no record yet."]


def test_each_row_tells_its_lane_and_whether_it_was_interleaved() -> None:
    text = "\n".join(_printed(golden_records()))
    assert "lab_baseline, lane matched, on digits" in text
    assert "all training images; interleaved" in text
    assert "all training images; not interleaved" in text


def test_one_line_names_what_differs() -> None:
    settings = {"jit_compile": False, "tf32": True}
    records = [
        make_record(settings={"jit_compile": True, "tf32": True}),
        make_record(backend="torch", settings=settings),
    ]
    lines = [line for line in _printed(records) if line.startswith("differences: ")]
    assert lines == ["differences: settings (jit_compile); version (jax, jaxlib, torch)"]


def test_the_ratios_of_the_newest_race_are_printed_with_their_intervals() -> None:
    older = race_records({"jax": 9.0, "torch": 1.0}, 6, run_id="20250101T000000Z-0000")
    lines = _printed([*golden_records(), *older], ratio_renderables)
    text = "\n".join(lines)
    assert max(len(line) for line in lines) <= 100
    assert "jax / torch             1.49 [1.46, 1.51], 6 rounds" in text
    assert "jax instrumented / jax  1.27 [1.22, 1.28], 6 rounds" in text
    assert "9.00" not in text


def test_a_ratio_that_is_missing_leaves_its_reason_in_its_place() -> None:
    contenders = {"jax": 2.0, "torch": 1.0}
    unstable = race_records(contenders, 6, slowness=lambda launch: 1.0 + launch)
    for records, reason in (
        (unstable, "unstable: the calibration drifted by "),
        (race_records(contenders, 5), "too few rounds for an interval: 5 rounds"),
    ):
        text = "\n".join(_printed(records, ratio_renderables))
        assert reason in text
        assert "[" not in text


def test_without_a_race_no_ratio_is_printed() -> None:
    assert ratio_renderables(make_tables([])) == []
    plain = make_tables([make_record(), make_record(backend="torch")])
    assert ratio_renderables(plain) == []
