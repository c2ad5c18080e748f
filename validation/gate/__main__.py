"""`python -m validation.gate`: error rates of the gate, from cases with known answers."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.cli.console import CommandConsole
from bench.cli.gate_accuracy import train_sides
from bench.cli.main import run_guarded
from bench.cli.options import add_output, add_reports, add_timeout, positive_float, positive_int
from bench.cli.parser import SuggestingParser
from bench.core.cell import BACKENDS
from bench.core.exit_codes import ExitCode
from bench.core.record import Record
from bench.core.suite import Overrides, expand, load_suite
from bench.regression.verdict import check_statistics
from bench.report.render.format import table_rows
from bench.storage.store import Store, default_reports_folder, new_run_id
from bench.system.side import HERE, parse_side
from bench.system.timing_lock import default_lock_path, timing_lock
from validation.gate.accuracy import SeedRow
from validation.gate.measure import measure_real
from validation.gate.real import import_gates
from validation.gate.report import proof_table, write_proof
from validation.gate.rows import KINDS
from validation.gate.simulation_run import simulate_missing
from validation.gate.store import SampleStore, SampleStoreError
from validation.gate.table import count_rows

_PARTS: Final = ("simulated", "real", "accuracy")
_IMPORT_HELP: Final = "import the real gates of another folder of rows"


def make_gate_proof_parser() -> SuggestingParser:
    """Return the parser of `python -m validation.gate`."""
    parser = SuggestingParser(
        prog="python -m validation.gate",
        description="Count the gate's errors in cases with known answers.",
        allow_abbrev=False,
    )
    parser.set_defaults(mode="full")
    add = parser.add_argument
    add("parts", nargs="*", metavar="PART", help="simulated, real, accuracy (default: count only)")
    add("--suites", type=positive_int, default=600, metavar="N", help="simulated suites (600)")
    add("--minutes", type=positive_float, default=60.0, metavar="N", help="for real gates (60)")
    add("--backend", action="append", choices=BACKENDS, help="for real gates; repeatable")
    kinds = ", ".join(KINDS)
    add("--kind", action="append", choices=KINDS, metavar="KIND", help=f"only {kinds}")
    add("--candidate", default="", metavar="SIDE", help="for accuracy: a side with a fault")
    add("--seeds", type=positive_int, default=100, metavar="N", help="for accuracy, per side (100)")
    add("--folder", type=Path, metavar="DIR", help="rows (reports/published/gate-proof)")
    add("--import", dest="imported", type=Path, action="append", metavar="DIR", help=_IMPORT_HELP)
    add("--data-dir", type=Path, help=argparse.SUPPRESS)
    add_timeout(parser)
    add_reports(parser)
    add_output(parser)
    return parser


def gate_proof_main(words: Sequence[str] | None = None) -> int:
    """Run `python -m validation.gate` and return its exit code."""
    arguments = make_gate_proof_parser().parse_args(words)
    return run_guarded(lambda console: validate_gate(arguments, console), arguments.mode)


def validate_gate(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Append the rows of the given parts, count all rows, write and print the table.

    Without a part nothing is simulated, measured or trained. SampleStoreError or StoreError if a
    file cannot be read or written.
    """
    check_statistics()
    _check_parts(arguments.parts)
    folder = arguments.folder or default_reports_folder() / "published" / "gate-proof"
    samples = SampleStore(folder)
    session = new_run_id()
    if arguments.parts or arguments.imported:
        samples.set_aside_truncated_rows()
    for other in arguments.imported or ():
        import_gates(samples, SampleStore(other))
    if "simulated" in arguments.parts:
        simulate_missing(samples, arguments.suites, console)
    if "accuracy" in arguments.parts:
        _train_seeds(samples, session, arguments, console)
    if "real" in arguments.parts:
        _measure_gates(samples, session, arguments, console)
    proof, arms = count_rows(samples)
    path = write_proof(folder, proof, arms)
    console.print(proof_table(proof))
    _, others = samples.suites()
    for version, count in others.items():
        console.print_line(f"{count} suites of rules version {version} are kept and not counted.")
    facts = {
        "command": "gate-proof",
        "exit_code": 0,
        "paths": {"csv": str(path), "arms": str(folder / "arms.csv")},
        "suites_of_other_rules": {str(version): count for version, count in others.items()},
        "rows": table_rows(proof),
    }
    console.print_result("Proof", path, lambda: facts)
    return ExitCode.OK


def _check_parts(parts: Sequence[str]) -> None:
    for part in parts:
        if part not in _PARTS:
            raise SampleStoreError(
                f"{part!r} is not a part of the validation; the parts are {', '.join(_PARTS)}."
            )


def _measure_gates(
    samples: SampleStore, session: str, arguments: argparse.Namespace, console: CommandConsole
) -> None:
    """Measure real gates until the time is over or Ctrl-C; all measured pairs are kept."""
    backends = arguments.backend or BACKENDS
    kinds = [KINDS[name] for name in arguments.kind or ()]
    logs = Path(arguments.reports) / "gates" / session / "logs"
    try:
        with timing_lock(default_lock_path(), f"proof {session}, process {os.getpid()}"):
            measure_real(samples, session, logs, backends, arguments.minutes, console, kinds)
    except KeyboardInterrupt:
        console.error(
            "Interrupted. Every finished pair is kept; the same call continues from there."
        )


def _train_seeds(
    samples: SampleStore, session: str, arguments: argparse.Namespace, console: CommandConsole
) -> None:
    """Train both sides' seeds that are not stored, and append those that the folder lacks."""
    if not arguments.candidate:
        raise SampleStoreError("The part accuracy needs a side with a fault: --candidate src=DIR.")
    store = Store(arguments.reports)
    choices = Overrides(
        backends=tuple(arguments.backend or ("jax",)),
        workloads=("lab_baseline",),
        seeds=tuple(range(arguments.seeds)),
    )
    cells = expand(load_suite("quick"), choices, "quick")
    sides = [HERE, parse_side(arguments.candidate)]
    trained = train_sides(cells, sides, store, arguments, console)
    known = {(row.backend, row.side, row.seed) for row in samples.rows(SeedRow)}
    for side, records in zip(("baseline", "candidate"), trained, strict=True):
        rows = [row for record in records if (row := _seed_row(session, side, record))]
        new = [row for row in rows if (row.backend, row.side, row.seed) not in known]
        if new:
            samples.add(*new)


def _seed_row(session: str, side: str, record: Record) -> SeedRow | None:
    if record.result is None or record.result.epochs[-1].val_accuracy is None:
        return None
    return SeedRow(
        session=session,
        backend=record.cell.backend,
        side=side,
        seed=record.cell.seed,
        val_accuracy=record.result.epochs[-1].val_accuracy,
        images=record.result.validation_images or 1,
    )


if __name__ == "__main__":
    sys.exit(gate_proof_main())
