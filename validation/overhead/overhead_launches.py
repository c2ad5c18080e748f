"""Pairs of processes: a launch through the harness, and a plain Keras script of the same work."""

from collections.abc import Callable
from time import perf_counter, process_time
from typing import Final

from bench.core.job import Job
from bench.core.paths import CHECKOUT
from validation.overhead.overhead_part import OverheadError, Part
from validation.overhead.pairs import PLAIN_FIRST, Pair, order_of

#: Little training, so that what surrounds it can be seen.
TRAIN_IMAGES: Final = 512
DATASET: Final = f"synthetic:shape=32x32x3,classes=10,train={TRAIN_IMAGES},test=128,seed=0"
EPOCHS: Final = 2

_BARE: Final = ("-P", str(CHECKOUT / "bench" / "worker" / "bare.py"))


def launch_pairs(part: Part, tick: Callable[[], None]) -> list[Pair]:
    """Return the pairs; OverheadError when a process did not train to its end."""
    job = part.job(DATASET, EPOCHS)
    return [_pair(part, job, index, tick) for index in range(part.number)]


def _pair(part: Part, job: Job, index: int, tick: Callable[[], None]) -> Pair:
    order = order_of(index)
    if order == PLAIN_FIRST:
        plain = _plain_seconds(part, job)
        harness, parent_cpu = _harness_seconds(part, job, tick)
    else:
        harness, parent_cpu = _harness_seconds(part, job, tick)
        plain = _plain_seconds(part, job)
    return Pair(
        backend=part.interpreter.backend,
        kind=part.kind,
        pair=index,
        order=order,
        train_images=TRAIN_IMAGES,
        seconds_plain=plain,
        seconds_harness=harness,
        parent_cpu_seconds=parent_cpu,
    )


def _plain_seconds(part: Part, job: Job) -> float:
    """Return the seconds from start to exit of the plain script, in a worker's environment."""
    arguments = (job.dataset_folder, str(job.cell.batch_size), str(job.cell.epochs))
    outcome = part.start(job, lambda: None, (*_BARE, *arguments))
    # Its last line, not its exit status: JAX 0.10.2 can crash at exit after a good run.
    if "val_accuracy" not in outcome.log_tail:
        raise OverheadError(f"{part.name}, plain script: {outcome.output.reason}.")
    return outcome.wall_seconds


def _harness_seconds(part: Part, job: Job, tick: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds of a whole launch, and the CPU seconds of this process during it."""
    begin, cpu_begin = perf_counter(), process_time()
    outcome = part.start(job, tick)
    seconds, cpu_seconds = perf_counter() - begin, process_time() - cpu_begin
    if outcome.output.reason is not None:
        raise OverheadError(f"{part.name}, harness: {outcome.output.reason}.")
    return seconds, cpu_seconds
