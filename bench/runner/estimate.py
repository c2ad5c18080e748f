"""About how long a cell will take, from what was recorded, else from its arithmetic."""

from collections.abc import Sequence
from statistics import median
from typing import Final, NamedTuple

from bench.core.cell import Cell
from bench.core.record import Record
from models.table import WORKLOADS

#: What a launch costs besides its epochs, where no record tells: the median of the suites text and
#: vision in reports/published/, on two cores.
_LAUNCH_SECONDS: Final = 8.0
#: Forward-pass multiply-accumulates per second, where no record tells: their median as well. Nine
#: in ten reached 4e9, one in ten 5e10, with compilation in the first epoch.
_MACS_PER_SECOND: Final = 2.5e10
#: A training step is three forward passes.
_TRAINING_PASSES: Final = 3


class ImageCounts(NamedTuple):
    """How many images a dataset has."""

    train: int
    test: int


class DurationEstimate(NamedTuple):
    """Seconds, and what they were made of: `records`, `like records` or `FLOPs`."""

    seconds: float
    basis: str


def estimate(cell: Cell, records: Sequence[Record], images: ImageCounts) -> DurationEstimate | None:
    """Return how long a launch of `cell` takes; None where nothing is known of its workload.

    By the cell's own records on this machine, else those of other backends; else by records of its
    workload at other sizes, for each image as long; else by its multiply-accumulates, at the rate
    that this machine's records reached.
    """
    ok = [record for record in records if record.result and not record.instrumented]
    own = [record.wall_seconds for record in ok if record.cell == cell]
    same = [r.wall_seconds for r in ok if r.cell.comparison_key == cell.comparison_key]
    if own or same:
        return DurationEstimate(median(own or same), "records")
    passes = _passes(cell, _images(cell, images))
    family = [record for record in ok if record.cell.workload == cell.workload]
    near = [r for r in family if r.cell.backend == cell.backend] or family
    if near:
        rate = median(_epochs_seconds(record) / _passes_of(record) for record in near)
        rest = median(record.wall_seconds - _epochs_seconds(record) for record in near)
        return DurationEstimate(rest + rate * passes, "like records")
    if cell.workload not in WORKLOADS:
        return None
    rates = [found for record in ok if (found := _macs_per_second(record)) is not None]
    macs = WORKLOADS[cell.workload].forward_macs * passes
    return DurationEstimate(_LAUNCH_SECONDS + macs / median(rates or [_MACS_PER_SECOND]), "FLOPs")


def _images(cell: Cell, images: ImageCounts) -> ImageCounts:
    train, test = cell.limit_train or images.train, cell.limit_test or images.test
    return ImageCounts(min(train, images.train), min(test, images.test))


def _passes(cell: Cell, images: ImageCounts) -> int:
    """Return how many times an image passes forward through the model, or as much work is done."""
    if cell.task != "fit":
        return cell.epochs * images.test
    return cell.epochs * (_TRAINING_PASSES * images.train + images.test)


def _passes_of(record: Record) -> int:
    result = record.result
    assert result is not None  # such are chosen above
    return _passes(record.cell, ImageCounts(result.train_images, result.validation_images))


def _epochs_seconds(record: Record) -> float:
    assert record.result is not None  # such are chosen above
    return sum(e.train_seconds + (e.validation_seconds or 0.0) for e in record.result.epochs)


def _macs_per_second(record: Record) -> float | None:
    assert record.result is not None  # such are chosen above
    macs = record.result.forward_macs
    return None if macs is None else macs * _passes_of(record) / _epochs_seconds(record)
