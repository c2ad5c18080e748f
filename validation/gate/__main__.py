"""The gate's own proof from its options to its table."""

import argparse
import os
from pathlib import Path
from typing import Final

from bench.cli.console import CommandConsole
from bench.cli.gate_accuracy import train_sides
from bench.core.cell import BACKENDS
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


def prove_gate(arguments: argparse.Namespace, output: CommandConsole) -> int:
    """Append the rows of the parts that were named, count all rows anew, write and tell the table.

    Without a part nothing is simulated, measured or trained. SampleStoreError and StoreError
    name what is wrong.
    """
    check_statistics()
    unknown = [part for part in arguments.parts if part not in _PARTS]
    if unknown:
        raise SampleStoreError(f"{unknown[0]!r} is no part of the proof: {', '.join(_PARTS)}.")
    folder = arguments.folder or default_reports_folder() / "published" / "gate-proof"
    book = SampleStore(folder)
    session = new_run_id()
    if arguments.parts or arguments.gather:
        book.mend()
    for other in arguments.gather or ():
        import_gates(book, SampleStore(other))
    if "simulated" in arguments.parts:
        simulate_missing(book, arguments.suites, output)
    if "accuracy" in arguments.parts:
        _train_seeds(book, session, arguments, output)
    if "real" in arguments.parts:
        _measure_gates(book, session, arguments, output)
    proof, arms = count_rows(book)
    path = write_proof(folder, proof, arms)
    output.print(proof_table(proof))
    _, others = book.suites()
    for version, count in others.items():
        output.print_line(f"{count} suites of rules version {version} are kept and not counted.")
    output.print_result(
        "Proof",
        path,
        lambda: {
            "command": "proof",
            "exit_code": 0,
            "paths": {"csv": str(path), "arms": str(folder / "arms.csv")},
            "suites_of_other_rules": {str(version): count for version, count in others.items()},
            "rows": table_rows(proof),
        },
    )
    return 0


def _measure_gates(
    book: SampleStore, session: str, arguments: argparse.Namespace, output: CommandConsole
) -> None:
    """Measure real gates until time is up or Ctrl-C; what was measured is kept and counted."""
    backends = arguments.backend or BACKENDS
    kinds = [KINDS[name] for name in arguments.kind or ()]
    logs = Path(arguments.reports) / "gates" / session / "logs"
    try:
        with timing_lock(default_lock_path(), f"proof {session}, process {os.getpid()}"):
            measure_real(book, session, logs, backends, arguments.minutes, output, kinds)
    except KeyboardInterrupt:
        output.error("Interrupted. Every finished pair is kept; the same call continues there.")


def _train_seeds(
    book: SampleStore, session: str, arguments: argparse.Namespace, output: CommandConsole
) -> None:
    """Train what is not stored of both sides' seeds, and append those that the proof lacks."""
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
    trained = train_sides(cells, sides, store, arguments, output)
    known = {(row.backend, row.side, row.seed) for row in book.rows(SeedRow)}
    for side, records in zip(("baseline", "candidate"), trained, strict=True):
        rows = [row for record in records if (row := _seed_row(session, side, record))]
        new = [row for row in rows if (row.backend, row.side, row.seed) not in known]
        if new:
            book.add(*new)


def _seed_row(session: str, side: str, record: Record) -> SeedRow | None:
    if record.result is None or record.result.epochs[-1].val_accuracy is None:
        return None
    return SeedRow(
        session=session,
        backend=record.cell.backend,
        side=side,
        seed=record.cell.seed,
        val_accuracy=record.result.epochs[-1].val_accuracy,
        images=record.result.validation_images,
    )
