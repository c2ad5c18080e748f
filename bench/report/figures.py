"""The figures of one record, computed here from its raw samples and nowhere else."""

from statistics import median
from typing import Final

from bench.record import Record, Result

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


def record_figures(record: Record) -> dict[str, float | int | None]:
    """Return the record's numbers by column of cells.csv; a missing one is absent or None."""
    if record.result is None:
        return {}
    result = record.result
    return {
        **{name: getattr(result, name) for name in _AS_MEASURED},
        **_metrics(result),
        **_steady_statistics(result),
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


def _steady_statistics(result: Result) -> dict[str, float | int]:
    seconds = [epoch.train_seconds for epoch in result.steady_epochs]
    if not seconds:
        return {}
    validation = [epoch.validation_seconds for epoch in result.steady_epochs]
    return {
        "epoch_seconds_median": median(seconds),
        "epoch_seconds_min": min(seconds),
        "epoch_seconds_max": max(seconds),
        "epoch_seconds_n": len(seconds),
        "validation_seconds_median": median(validation),
        "images_per_second": result.train_images / median(seconds),
    }
