"""The figures of one record, computed here from its raw samples and nowhere else."""

from statistics import median
from typing import Final

from bench.record import Epoch, Record, Result

_AS_MEASURED: Final = (
    "import_seconds",
    "data_open_seconds",
    "build_seconds",
    "first_step_seconds",
    "fit_seconds_total",
    "train_images",
    "validation_images",
    "parameters",
    "trainable_parameters",
    "peak_memory_bytes",
    "cpu_seconds",
)


def steady_epochs(record: Record) -> tuple[Epoch, ...]:
    """Return the epochs that are no warm-up; none for a failed record."""
    epochs = record.result.epochs if record.result else ()
    return tuple(epoch for epoch in epochs if not epoch.warmup)


def steady_seconds(record: Record) -> list[float]:
    """Return the train_seconds of the steady epochs, in order."""
    return [epoch.train_seconds for epoch in steady_epochs(record)]


def record_figures(record: Record) -> dict[str, float | int | None]:
    """Return the record's numbers by column of cells.csv; a missing one is absent or None."""
    if record.result is None:
        return {}
    result = record.result
    return {
        **{name: getattr(result, name) for name in _AS_MEASURED},
        **_metrics(result),
        **_steady_statistics(record, result.train_images),
    }


def _metrics(result: Result) -> dict[str, float | None]:
    last = result.epochs[-1]
    scores = [epoch.val_accuracy for epoch in result.epochs if epoch.val_accuracy is not None]
    return {
        "final_loss": last.loss,
        "final_accuracy": last.accuracy,
        "final_val_loss": last.val_loss,
        "final_val_accuracy": last.val_accuracy,
        "best_val_accuracy": max(scores, default=None),
    }


def _steady_statistics(record: Record, train_images: int) -> dict[str, float | int]:
    seconds = steady_seconds(record)
    if not seconds:
        return {}
    validation = [epoch.validation_seconds for epoch in steady_epochs(record)]
    return {
        "epoch_seconds_median": median(seconds),
        "epoch_seconds_min": min(seconds),
        "epoch_seconds_max": max(seconds),
        "epoch_seconds_n": len(seconds),
        "validation_seconds_median": median(validation),
        "images_per_second": train_images / median(seconds),
    }
