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
from bench.report.tables.phase_records import phase_of, training_phase_of

#: The time between two calls is shown if it is at least this share of all phases.
_SHOWN_SHARE: Final = 0.01

_COLUMNS: Final = ("backend", "phase", "line", "calls", "epochs", "seconds", "loss")
_NOTE: Final = "seconds: of the complete calls, the first with compilation; loss: of the last epoch"


def phase_renderables(records: Sequence[Record]) -> list[RenderableType]:
    """Return a table of the phases of each script, without scripts none.

    `records` are those of Tables, which has one for each phase. The lines are those of each
    backend, with the median seconds of several launches; a backend whose launches failed has their
    reason.
    """
    rows: dict[object, list[Record]] = {}
    for record in records:
        if phase_of(record) is not None and not record.instrumented:
            key = (record.cell.comparison_key, record.workload_source)
            rows.setdefault(key, []).append(record)
    return [part for of_row in rows.values() for part in _parts(of_row)]


def _parts(records: Sequence[Record]) -> list[RenderableType]:
    """Return the table of one script, and notes under it."""
    cell = records[0].cell
    seed = f", seed {cell.seed}" if cell.seed else ""
    title = sanitize_line(f"{cell.workload}, {cell.precision}{seed}, {cell.device}")
    table = Table(title=Text(title, style="bold"), title_justify="left", box=None, pad_edge=False)
    for name in _COLUMNS:
        is_text = name in ("backend", "phase")
        table.add_column(name, justify="left" if is_text else "right", no_wrap=True)
    notes = [_NOTE]
    of_backend: dict[str, list[Record]] = {}
    for record in records:
        of_backend.setdefault(record.cell.backend, []).append(record)
    for backend, of_one in of_backend.items():
        lines = _lines([phase for each in of_one if (phase := training_phase_of(each)) is not None])
        if not lines:
            lines = [(of_one[-1].status,)]
            notes.append(sanitize_line(f"{backend}: {of_one[-1].reason}"))
        for number, texts in enumerate(lines):
            table.add_row(*map(Text, (backend if number == 0 else "", *texts)))
    return [table, *map(Text, notes), Text()]


def _lines(phases: Sequence[TrainingPhase]) -> list[tuple[str, ...]]:
    """Return the lines of one backend; of the phases of one name, the last one counts."""
    newest = {phase.name: phase for phase in phases}
    medians = {
        name: median(phase.seconds for phase in phases if phase.name == name) for name in newest
    }
    least = _SHOWN_SHARE * sum(medians.values())
    return [
        _line(phase, medians[name])
        for name, phase in newest.items()
        if phase.method != "script" or medians[name] >= least or len(newest) == 1
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
