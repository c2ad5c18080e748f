"""Measure pairs of epochs and pairs of launches."""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Annotated, Final

import msgspec

from bench.core.job import Job
from bench.core.serialization import DecodeError, decode_json
from validation.overhead.pairs import PLAIN_FIRST, CostPair, CostPart, OverheadError, order_of

#: Small images for short epochs of several steps; enough of them for a fast backend.
_EPOCH_DATASET: Final = "synthetic:shape=16x16x1,classes=10,train=16384,test=4096,seed=0"

_COMMAND: Final = ("-P", "-m", "bench.worker.overhead")
_Seconds = Annotated[float, msgspec.Meta(gt=0)]


class OverheadOutput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The output of `bench.worker.overhead`."""

    train_images: int
    seconds: list[tuple[_Seconds, _Seconds]]


def epoch_pairs(part: CostPart, tick: Callable[[], None]) -> list[CostPair]:
    """Return the pairs; the worker's events arrive through a pipe, as in any launch.

    OverheadError if the worker wrote no usable output.
    """
    path = part.folder.resolve() / f"{part.name}.json"
    path.unlink(missing_ok=True)
    outcome = part.start(
        part.job(_EPOCH_DATASET, 1), tick, (*_COMMAND, str(path), str(part.number))
    )
    try:
        output = decode_json(path.read_bytes(), OverheadOutput)
    except FileNotFoundError:
        raise OverheadError(f"{part.name}: {outcome.output.reason}.") from None
    except DecodeError as error:
        raise OverheadError(f"{part.name}: {path.name} is unusable: {error}.") from error
    return [
        CostPair(
            backend=part.interpreter.backend,
            kind=part.kind,
            pair=index,
            order=order_of(index),
            train_images=output.train_images,
            seconds_plain=plain,
            seconds_harness=harness,
        )
        for index, (plain, harness) in enumerate(output.seconds)
    ]


#: Short training, so that the cost of the launch is measurable.
TRAIN_IMAGES: Final = 512
_LAUNCH_DATASET: Final = f"synthetic:shape=32x32x3,classes=10,train={TRAIN_IMAGES},test=128,seed=0"
EPOCHS: Final = 2

_PLAIN_COMMAND: Final = ("-P", str(Path(__file__).with_name("plain_script.py")))


def launch_pairs(part: CostPart, tick: Callable[[], None]) -> list[CostPair]:
    """Return the pairs; OverheadError if a process did not finish its training."""
    job = part.job(_LAUNCH_DATASET, EPOCHS)
    return [_pair(part, job, index, tick) for index in range(part.number)]


def _pair(part: CostPart, job: Job, index: int, tick: Callable[[], None]) -> CostPair:
    order = order_of(index)
    if order == PLAIN_FIRST:
        plain = _plain_seconds(part, job)
        harness, parent_cpu = _harness_seconds(part, job, tick)
    else:
        harness, parent_cpu = _harness_seconds(part, job, tick)
        plain = _plain_seconds(part, job)
    return CostPair(
        backend=part.interpreter.backend,
        kind=part.kind,
        pair=index,
        order=order,
        train_images=TRAIN_IMAGES,
        seconds_plain=plain,
        seconds_harness=harness,
        parent_cpu_seconds=parent_cpu,
    )


def _plain_seconds(part: CostPart, job: Job) -> float:
    """Return the seconds from start to exit of the plain script, in a worker's environment."""
    arguments = (job.dataset_folder, str(job.cell.batch_size), str(job.cell.epochs))
    outcome = part.start(job, lambda: None, (*_PLAIN_COMMAND, *arguments))
    # Checks the last line, not the exit status: JAX 0.10.2 can crash at exit after a good run.
    if "val_accuracy" not in outcome.log_tail:
        raise OverheadError(f"{part.name}, plain script: {outcome.output.reason}.")
    return outcome.wall_seconds


def _harness_seconds(part: CostPart, job: Job, tick: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds of a whole launch, and the CPU seconds of this process during it."""
    begin, cpu_begin = perf_counter(), process_time()
    outcome = part.start(job, tick)
    seconds, cpu_seconds = perf_counter() - begin, process_time() - cpu_begin
    if outcome.output.reason is not None:
        raise OverheadError(f"{part.name}, harness: {outcome.output.reason}.")
    return seconds, cpu_seconds
