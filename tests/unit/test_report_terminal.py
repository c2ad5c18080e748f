"""What is printed at the end of a run."""

from collections.abc import Sequence

from rich.console import Console

from bench.record import Record
from bench.report.markdown import comparison_markdown
from bench.report.terminal import comparison_renderables
from tests.fixtures.records import golden_records, make_record


def _printed(records: Sequence[Record]) -> list[str]:
    console = Console(width=100, color_system=None, force_terminal=False)
    with console.capture() as capture:
        for renderable in comparison_renderables(records):
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
    text = "\n".join(_printed(golden_records()))
    assert "failed" in text
    assert "no record yet" in text
    assert "warm-up only" in text
    assert "(1 of 2 records failed)" in text
    assert "official: false, fingerprint aaaa" in text
    assert "no ratios are given" in text


def test_the_fastest_backend_is_marked_and_only_there() -> None:
    lines = _printed(golden_records())
    assert [line.split()[0] for line in lines if line[:12].strip().endswith(" *")] == ["jax"]


def test_markup_and_terminal_escapes_of_a_record_are_shown_or_removed() -> None:
    reason = "[bold]no[/bold] [/] \x1b[2J\x1b]0;title\x07 \x9b31m"
    text = "\n".join(_printed([make_record(status="failed", reason=reason, workload="[red]x[/]")]))
    assert "[bold]no[/bold] [/]" in text
    assert "[red]x[/] on digits" in text
    assert not any(character in text for character in "\x1b\x07\x9b")


def test_unlike_backends_are_refused_in_words() -> None:
    records = [make_record(), make_record(backend="torch", parameters=1)]
    assert "no fastest backend: they differ in parameters" in "\n".join(_printed(records))
    assert "No fastest backend: they differ in parameters." in comparison_markdown(records, "x")


def test_without_records_it_says_so() -> None:
    assert _printed([]) == ["There is no record yet."]
