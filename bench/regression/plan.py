"""From two sides and the cells of a suite to the plan of a gate and the specs of its pairs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from bench.core.cell import OWN_DATA, Cell
from bench.core.workload import WorkloadNameError, job_of, source_hash
from bench.regression.lockstep import PairSpec
from bench.regression.messages import Identity
from bench.regression.outcome import CONTROL_WORK
from bench.regression.side_process import SideSpec
from bench.regression.store import GATE_VERSION, Expected, GatePlan
from bench.regression.verdict import Margins
from bench.runner.dataset import DATASET_TIMEOUT_SECONDS, prepare_data
from bench.system.environment import resolve_environment
from bench.system.interpreter import InterpreterError, find_interpreter
from bench.system.machine import machine_facts
from bench.system.side import Side
from data.errors import DataError
from data.manifest import read_manifest
from data.prepare import default_cache_dir

#: Set on both sides unless the user sets them. glibc then keeps freed memory, and two processes of
#: one program differ less for their whole life. OMP_WAIT_POLICY=PASSIVE is left out, because a
#: waiting side does not spin anyway and PyTorch's steps took 1.6 times as long with it.
NOISE_REDUCING_VARIABLES: Final = {
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "1099511627776",
    "MALLOC_TOP_PAD_": "67108864",
    # Huge pages, if the kernel grants any. Without them a process gets random 4 KiB pages, so
    # chance decides which data share a cache set.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
#: Keeps PyTorch's threads on their cores. On two cores, pairs of one program with batch size 8
#: varied by 6.4% (6 pairs) when the kernel moved threads, and by 2.6% (6 pairs) with this setting.
PINNED_THREADS: Final = {"OMP_PROC_BIND": "true"}
#: JAX caches every compiled program on disk: warming up both sides of a pair took 20 s without
#: this, 7 s with it. The cache key covers program, versions and flags.
_KEEP_PROGRAMS: Final = {
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}
#: On a GPU both processes of a pair share one device, so neither may allocate all of its memory.
_SHARED_GPU: Final = {
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
}


def plan_gate(
    gate_id: str,
    cells: Sequence[Cell],
    sides: tuple[Side, Side],
    texts: tuple[str, str],
    margins: Margins,
    data_dir: Path | None = None,
    timeout_seconds: float = DATASET_TIMEOUT_SECONDS,
) -> tuple[GatePlan, list[PairSpec]]:
    """Return the plan of a gate on `cells`, and a pair spec for each expected comparison.

    Each backend gets two controls, on its first cell and the baseline side: the side against
    itself, and the side against itself with CONTROL_WORK times the work. Datasets are prepared
    here; a user's function must finish within `timeout_seconds`. A cell is `unplanned`, with a
    reason, if its interpreter, source or dataset is missing or if its task is not `fit`.
    """
    pair_specs: list[PairSpec] = []
    unplanned = {c.id: f"the gate times training, not {c.task}" for c in cells if c.task != "fit"}
    for cell in [cell for cell in cells if cell.id not in unplanned]:
        try:
            folder = prepare_data(cell.dataset, data_dir, timeout_seconds)
            side_specs = (_side_spec(cell, folder, sides[0]), _side_spec(cell, folder, sides[1]))
        except (InterpreterError, DataError, WorkloadNameError) as error:
            unplanned[cell.id] = str(error).rstrip(".")
            continue
        pair_spec = PairSpec(kind="cell", baseline=side_specs[0], candidate=side_specs[1])
        pair_specs += _with_controls(pair_spec, pair_specs)
    plan = GatePlan(
        gate_version=GATE_VERSION,
        gate_id=gate_id,
        sides=texts,
        margins=margins,
        machine=machine_facts(),
        expected=tuple(map(_expected, pair_specs)),
        unplanned=unplanned,
        data_dir=None if data_dir is None else str(data_dir.absolute()),
        datasets=_fingerprints(pair_specs),
    )
    return plan, pair_specs


def _with_controls(pair_spec: PairSpec, planned: Sequence[PairSpec]) -> list[PairSpec]:
    """Return the pair spec of a cell, then the controls if its backend has none yet."""
    backends = {each.baseline.job.cell.backend for each in planned}
    if pair_spec.baseline.job.cell.backend in backends:
        return [pair_spec]
    return [pair_spec, *_controls(pair_spec.baseline)]


def _fingerprints(pair_specs: Sequence[PairSpec]) -> dict[str, str]:
    """Return the fingerprint of each dataset; data that workloads make are in their identities."""
    jobs = {each.baseline.job.cell.dataset: each.baseline.job for each in pair_specs}
    return {
        name: read_manifest(Path(job.dataset_folder)).fingerprint
        for name, job in jobs.items()
        if name != OWN_DATA
    }


def _expected(pair_spec: PairSpec) -> Expected:
    return Expected(
        kind=pair_spec.kind,
        cell=pair_spec.baseline.job.cell,
        baseline=pair_spec.baseline.identity,
        candidate=pair_spec.candidate.identity,
    )


def _controls(side_spec: SideSpec) -> list[PairSpec]:
    extra_work = replace(side_spec, identity=replace(side_spec.identity, work=CONTROL_WORK))
    return [
        PairSpec(kind="negative", baseline=side_spec, candidate=side_spec),
        PairSpec(kind="positive", baseline=side_spec, candidate=extra_work),
    ]


def _side_spec(cell: Cell, dataset_folder: Path | None, side: Side) -> SideSpec:
    interpreter = find_interpreter(cell.backend, side.pythons, cell.device)
    environment = resolve_environment(cell, {**_common_variables(cell), **side.base_environment})
    return SideSpec(
        job=job_of(cell, dataset_folder, side.source),
        identity=Identity(
            python=interpreter.python,
            versions=interpreter.versions,
            workload_source=source_hash(cell.workload, side.folder),
            variables=environment.performance,
        ),
        environment=environment,
    )


def _common_variables(cell: Cell) -> dict[str, str]:
    """Return the variables set on both sides of a cell; the user's own override them."""
    variables = dict(NOISE_REDUCING_VARIABLES)
    if cell.device == "gpu":
        variables |= _SHARED_GPU
    elif cell.backend == "torch":
        variables |= PINNED_THREADS
    if cell.backend == "jax":
        variables |= _KEEP_PROGRAMS | {
            "JAX_COMPILATION_CACHE_DIR": str(default_cache_dir() / "jax")
        }
    return variables
