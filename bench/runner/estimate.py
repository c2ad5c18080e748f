"""Estimate the duration of a cell from records, or else from its arithmetic."""

from collections.abc import Sequence
from statistics import median
from typing import Final, NamedTuple

from bench.core.cell import Cell
from bench.core.record import Record
from models.table import WORKLOADS

#: Seconds of a launch besides its epochs, used without records: the median of the suites text and
#: vision in reports/published/, on two cores.
_LAUNCH_SECONDS: Final = 8.0
#: Forward-pass multiply-accumulates per second, used without records: the median of the same
#: suites. Nine in ten reached 4e9, one in ten 5e10, with compilation in the first epoch.
_MACS_PER_SECOND: Final = 2.5e10
#: A training step is three forward passes.
_TRAINING_PASSES: Final = 3


class ImageCounts(NamedTuple):
    """The numbers of training and test images of a dataset; 0 where they are not known."""

    train: int
    test: int


class DurationEstimate(NamedTuple):
    """Seconds, and the basis of the estimate: `records`, `like records` or `FLOPs`."""

    seconds: float
    basis: str


def estimate(cell: Cell, records: Sequence[Record], images: ImageCounts) -> DurationEstimate | None:
    """Return the estimated duration of a launch of `cell`; None for an unknown workload.

    The first available basis is used: the cell's own records on this machine; records of the same
    cell on other backends; records of the workload at other sizes, scaled by the number of images;
    the cell's multiply-accumulates, at the rate of this machine's records.
    """
    ok = [record for record in records if record.result and not record.instrumented]
    cell_seconds = [record.wall_seconds for record in ok if record.cell == cell]
    row_seconds = [r.wall_seconds for r in ok if r.cell.comparison_key == cell.comparison_key]
    if cell_seconds or row_seconds:
        return DurationEstimate(median(cell_seconds or row_seconds), "records")
    passes = _passes(cell, _images(cell, images))
    same_workload = [record for record in ok if record.cell.workload == cell.workload]
    similar = [r for r in same_workload if r.cell.backend == cell.backend] or same_workload
    if similar and passes and all(_passes_of(record) for record in similar):
        rate = median(_epochs_seconds(record) / _passes_of(record) for record in similar)
        rest = median(record.wall_seconds - _epochs_seconds(record) for record in similar)
        return DurationEstimate(rest + rate * passes, "like records")
    if cell.workload not in WORKLOADS or not passes:
        return None
    rates = [each for record in ok if (each := _macs_per_second(record)) is not None]
    macs = WORKLOADS[cell.workload].forward_macs * passes
    return DurationEstimate(_LAUNCH_SECONDS + macs / median(rates or [_MACS_PER_SECOND]), "FLOPs")


def _images(cell: Cell, images: ImageCounts) -> ImageCounts:
    train, test = cell.limit_train or images.train, cell.limit_test or images.test
    return ImageCounts(min(train, images.train), min(test, images.test))


def _passes(cell: Cell, images: ImageCounts) -> int:
    """Return the work in forward passes of one image; a training step counts as three.

    0 if it is not known, as that of a script.
    """
    if cell.epochs is None:
        return 0
    if cell.task != "fit":
        return cell.epochs * images.test
    return cell.epochs * (_TRAINING_PASSES * images.train + images.test)


def _passes_of(record: Record) -> int:
    result = record.result
    assert result is not None  # the caller selects such records
    counts = ImageCounts(result.train_images or 0, result.validation_images or 0)
    return _passes(record.cell, counts)


def _epochs_seconds(record: Record) -> float:
    assert record.result is not None  # the caller selects such records
    return sum(e.train_seconds + (e.validation_seconds or 0.0) for e in record.result.epochs)


def _macs_per_second(record: Record) -> float | None:
    assert record.result is not None  # the caller selects such records
    macs = record.result.forward_macs
    return None if macs is None else macs * _passes_of(record) / _epochs_seconds(record)
