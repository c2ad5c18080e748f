"""BackendArrays of the models in faults.py: the faultless one on every backend, a fault on one."""

from pathlib import Path

from bench.core.cell import BACKENDS, Cell
from bench.core.workload import job_of
from bench.parity.compare import COMPARED_PRECISIONS, BackendArrays
from bench.parity.run import TRAINERS, Participant, make_task, run_task, run_tasks
from bench.system.interpreter import find_interpreter
from data.prepare import prepare

STEPS = 10
FAULTS = Path(__file__).with_name("faults.py")


class Planting:
    """Runs the faultless model once, and then one fault at a time in its place."""

    def __init__(self, folder: Path, seed: int = 0) -> None:
        self._folder, self._seed = folder, seed
        self._faultless: BackendArrays = {}

    def faultless(self) -> BackendArrays:
        """Return the arrays of the faultless model on all backends."""
        if not self._faultless:
            entrants = [_entrant("faultless", backend) for backend in BACKENDS]
            self._faultless, failures = run_tasks(
                entrants, self._seed, STEPS, self._folder, self._folder
            )
            assert failures == {}
        return self._faultless

    def planted(self, fault: str, backend: str) -> BackendArrays:
        """Return the arrays of the faultless model, and of the fault on one backend."""
        results = dict(self.faultless())
        trained = self._folder / f"{TRAINERS[0]}-float64.npz"
        for precision in COMPARED_PRECISIONS:
            entrant = _entrant(fault, backend)
            path = self._folder / f"{fault}-{precision}.npz"
            task = make_task(entrant, precision, self._seed, STEPS, path, trained)
            log = self._folder / f"{fault}-{precision}.log"
            results[backend, precision] = run_task(task, entrant.python, log)
        return results


def _entrant(function: str, backend: str) -> Participant:
    interpreter = find_interpreter(backend, {})
    cell = Cell(
        workload=f"{FAULTS}:{function}",
        dataset="digits",
        backend=backend,
        lane="matched",
        batch_size=16,
        epochs=1,
    )
    return Participant(
        backend=backend,
        python=interpreter.python,
        versions=interpreter.versions,
        job=job_of(cell, prepare("digits")),
    )
