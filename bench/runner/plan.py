"""The plan of a run: the launches to do, those already stored, and the estimated time."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from bench.core.cell import OWN_DATA, Cell, digest
from bench.core.record import DatasetFacts, RacePlace, Record
from bench.core.workload import WorkloadNameError, own_data_fingerprint, source_hash
from bench.runner.dataset import DATASET_TIMEOUT_SECONDS, prepare_dataset
from bench.runner.estimate import ImageCounts, estimate
from bench.storage.store import newest_of_each
from bench.system.environment import CellEnvironment, resolve_environment
from bench.system.interpreter import Interpreter, InterpreterError, find_interpreter
from bench.system.side import HERE, Side
from data.dataset import open_dataset
from data.errors import DataError
from data.manifest import Manifest


class PlannedLaunch(msgspec.Struct, frozen=True, kw_only=True):
    """One repetition of one cell, with everything that its launch needs.

    `action` is "run", "stored" (nothing to do) or "blocked" (it cannot run); `why` is the reason in
    a sentence. `estimate_seconds` is None without a basis, which `estimate_basis` names (see
    `bench.runner.estimate`). A blocked step has no interpreter, dataset or digest, and data that a
    workload makes itself lie in no `dataset_folder`. `environment` is
    that of its worker; the digest covers its performance-relevant variables. `instrumented` and
    `race` are copied into the record. `side` is the environment in which the cell is trained.
    """

    cell: Cell
    repetition: int
    action: Literal["run", "stored", "blocked"]
    why: str
    digest: str = ""
    workload_source: str = ""
    environment: CellEnvironment = CellEnvironment()
    interpreter: Interpreter | None = None
    dataset_folder: Path | None = None
    dataset: DatasetFacts | None = None
    estimate_seconds: float | None = None
    estimate_basis: str = ""
    instrumented: bool = False
    race: RacePlace | None = None
    side: Side = HERE


def make_plan(
    cells: Sequence[Cell],
    records: Sequence[Record],
    machine_id: str,
    *,
    repeats: int = 1,
    fresh: bool = False,
    pythons: Mapping[str, str] | None = None,
    data_dir: Path | None = None,
    timeout_seconds: float = DATASET_TIMEOUT_SECONDS,
    side: Side = HERE,
) -> list[PlannedLaunch]:
    """Return the steps of `cells`, `repeats` times each, in the order in which they would run.

    Odd repetitions run in reverse order (A B C, C B A), so that a slow drift of the machine does
    not always affect the same backend. Datasets are prepared on the way; a user's dataset function
    has `timeout_seconds`. `fresh` ignores stored records. The records of a race never count as
    those of a run.
    """
    here = [record for record in records if record.machine_id == machine_id]
    stored = {} if fresh else newest_of_each(record for record in here if record.race is None)
    drafts = {
        cell: draft_step(
            cell, here, pythons or {}, data_dir, timeout_seconds=timeout_seconds, side=side
        )
        for cell in cells
    }
    steps = []
    for repetition in range(repeats):
        for cell in cells if repetition % 2 == 0 else reversed(cells):
            draft = msgspec.structs.replace(drafts[cell], repetition=repetition)
            steps.append(_decide(draft, stored.get((draft.digest, repetition))))
    return steps


def remaining_seconds(steps: Iterable[PlannedLaunch]) -> tuple[float, int]:
    """Return the estimated seconds of the steps to run, and the number of those without one."""
    to_run = [step for step in steps if step.action == "run"]
    known = [step.estimate_seconds for step in to_run if step.estimate_seconds is not None]
    return sum(known), len(to_run) - len(known)


def draft_step(
    cell: Cell,
    records: Sequence[Record],
    pythons: Mapping[str, str],
    data_dir: Path | None,
    *,
    instrumented: bool = False,
    timeout_seconds: float = DATASET_TIMEOUT_SECONDS,
    side: Side = HERE,
) -> PlannedLaunch:
    """Return a step to run, or a blocked one when its interpreter or its dataset is missing.

    `records` are those of this machine. Interpreters of `side` take precedence over `pythons`.
    """
    try:
        interpreter = find_interpreter(cell.backend, {**pythons, **side.pythons}, cell.device)
        data = _find_data(cell, data_dir, timeout_seconds, side)
        source = source_hash(cell.workload, side.folder)
    except (InterpreterError, DataError, WorkloadNameError) as error:
        return PlannedLaunch(cell=cell, repetition=0, action="blocked", why=str(error))
    duration = estimate(cell, records, data.images)
    environment = resolve_environment(cell, side.base_environment)
    return PlannedLaunch(
        cell=cell,
        repetition=0,
        action="run",
        why="no record yet",
        digest=_digest(cell, source, data, interpreter, environment.performance, instrumented),
        workload_source=source,
        environment=environment,
        interpreter=interpreter,
        dataset_folder=data.folder,
        dataset=data.facts,
        estimate_seconds=duration.seconds if duration else None,
        estimate_basis=duration.basis if duration else "",
        instrumented=instrumented,
        side=side,
    )


def _digest(
    cell: Cell,
    source: str,
    data: "_Data",
    interpreter: Interpreter,
    environment: Mapping[str, str],
    instrumented: bool,
) -> str:
    return digest(
        cell,
        workload_source=source,
        dataset_fingerprint=data.facts.fingerprint,
        versions=interpreter.digest_versions,
        environment=environment,
        instrumented=instrumented,
    )


class _Data(NamedTuple):
    """The data of a cell: their facts, their prepared folder if any, and the numbers of images."""

    facts: DatasetFacts
    folder: Path | None
    images: ImageCounts


def _find_data(cell: Cell, data_dir: Path | None, timeout_seconds: float, side: Side) -> _Data:
    """Prepare the dataset of a cell, unless the workload makes its data itself."""
    if cell.dataset == OWN_DATA:
        fingerprint = own_data_fingerprint(cell.workload, side.folder)
        origin = "made by the workload itself"
        facts = DatasetFacts(name=OWN_DATA, fingerprint=fingerprint, official=False, source=origin)
        return _Data(facts, None, ImageCounts(0, 0))
    folder = prepare_dataset(cell.dataset, data_dir, timeout_seconds)
    manifest = open_dataset(folder).manifest
    return _Data(_dataset_facts(manifest), folder, _images(manifest))


def _images(manifest: Manifest) -> ImageCounts:
    counts = {name.partition(".")[0]: facts.shape[0] for name, facts in manifest.arrays.items()}
    return ImageCounts(counts["x_train"], counts["x_test"])


def _dataset_facts(manifest: Manifest) -> DatasetFacts:
    return DatasetFacts(
        name=manifest.name,
        fingerprint=manifest.fingerprint,
        official=manifest.official,
        source=manifest.source,
    )


def _decide(step: PlannedLaunch, stored: Record | None) -> PlannedLaunch:
    if step.action == "blocked" or stored is None:
        return step
    if stored.status == "failed":
        return msgspec.structs.replace(step, why=f"failed before: {stored.reason}")
    refused = ", unsupported" if stored.status == "unsupported" else ""
    why = f"stored in run {stored.run_id}{refused}"
    return msgspec.structs.replace(step, action="stored", why=why)
