"""The phases of scripts on a terminal of 80 columns."""

from collections.abc import Sequence
from statistics import median
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from bench.core.record import Record
from bench.core.result import TrainingPhase
from bench.core.text import sanitize_line

#: The time between two calls is shown if it is at least this share of all phases.
_SHOWN_SHARE: Final = 0.01

_COLUMNS: Final = ("backend", "phase", "line", "calls", "epochs", "seconds", "loss")


def phase_renderables(records: Sequence[Record]) -> list[RenderableType]:
    """Return a table of the phases of each script in `records`, without scripts none.

    Its lines are those of each backend, with the median seconds of several records.
    """
    rows: dict[object, list[Record]] = {}
    for record in records:
        if record.result is not None and record.result.phases and not record.instrumented:
            key = (record.cell.comparison_key, record.workload_source)
            rows.setdefault(key, []).append(record)
    return [_table(of_row) for of_row in rows.values()]


def _table(records: Sequence[Record]) -> Table:
    table = Table(title="phases of the script", title_justify="left", box=None, pad_edge=False)
    for name in _COLUMNS:
        text = name in ("backend", "phase")
        table.add_column(name, justify="left" if text else "right", no_wrap=True)
    of_backend: dict[str, list[Record]] = {}
    for record in records:
        of_backend.setdefault(record.cell.backend, []).append(record)
    for backend, of_one in of_backend.items():
        for number, texts in enumerate(_lines(of_one)):
            table.add_row(*map(Text, (backend if number == 0 else "", *texts)))
    table.caption = Text(
        "seconds: of the complete calls, the first with compilation; loss: of the last epoch"
    )
    table.caption_justify = "left"
    return table


def _lines(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """Return the lines of one backend, in the order of its newest record."""
    launches = [record.result.phases for record in records if record.result is not None]
    seconds: dict[str, list[float]] = {}
    for phases in launches:
        for phase in phases:
            seconds.setdefault(phase.name, []).append(phase.seconds)
    medians = {name: median(values) for name, values in seconds.items()}
    least = _SHOWN_SHARE * sum(medians.values())
    return [
        _line(phase, medians[phase.name])
        for phase in launches[-1]
        if phase.method != "script" or medians[phase.name] >= least or len(medians) == 1
    ]


def _line(phase: TrainingPhase, seconds: float) -> tuple[str, ...]:
    last = phase.epochs[-1] if phase.epochs else None
    loss = None if last is None else last.val_loss if last.loss is None else last.loss
    return (
        sanitize_line(phase.name),
        "" if phase.line is None else str(phase.line),
        str(phase.calls),
        str(len(phase.epochs)) if phase.epochs else "",
        f"{seconds:.3f}",
        "" if loss is None else f"{loss:.4g}",
    )
