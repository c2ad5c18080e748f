"""The metrics of one record; this is the only module that computes them from raw samples."""

from collections.abc import Sequence
from math import ceil, exp
from statistics import median
from typing import Final

from bench.core.headline import headline_of, missing_headline
from bench.core.record import Record
from bench.core.result import Epoch, Result
from bench.report.tables.phase_records import PhaseRecord, phase_of, training_phase_of
from bench.stats.quantile import lower_quartile

_Metric = float | int | str | None

#: Floating point operations for each multiply-accumulate of the forward pass. One of them is two
#: operations, and the backward pass has two products for each one of the forward pass (Kaplan et
#: al. 2020, "Scaling laws for neural language models", section 2.1). The optimizer's operations are
#: not counted.
FLOPS_PER_MAC: Final = {"fit": 3 * 2, "evaluate": 2, "predict": 2}

#: The reported percentiles of the time of a single prediction.
LATENCY_PERCENTILES: Final = (50, 95, 99)

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
    "forward_macs",
    "peak_memory_bytes",
    "device_peak_memory_bytes",
    "cpu_seconds",
    "weights_sha256",
    "batch_order_sha256",
)


def record_metrics(record: Record) -> dict[str, _Metric]:
    """Return the record's metrics by column of cells.csv; a missing value is absent or None."""
    calibration = _calibration(record)
    if record.result is None:
        return calibration
    result = record.result
    phases = {PHASE_COLUMNS[name]: seconds for name, seconds in phase_seconds(record).items()}
    return {
        **{name: getattr(result, name) for name in _AS_MEASURED},
        **phases,
        **_metrics(result),
        **_headline(record, result),
        **_phase(record),
        "uncounted_reason": result.uncounted_reason,
        **_steady_statistics(record, result),
        **_latencies(result),
        **_memory(result),
        **_work(record, result),
        **calibration,
    }


def step_seconds(record: Record, epoch: Epoch) -> float | None:
    """Return the mean seconds of an epoch's steps, without those of `first_step_seconds`.

    None for an epoch of one step, for a record of version 1 and for a record without a result.
    """
    if record.result is None or epoch.first_step_seconds is None:
        return None
    steps = epoch.steps or _steps(record, record.result)
    rest = epoch.train_seconds - epoch.first_step_seconds
    further = (steps or 0) - epoch.first_steps
    return rest / further if further > 0 else None


def _steps(record: Record, result: Result) -> int | None:
    """Return the steps of an epoch whose record has no count of them, from before version 6."""
    if result.train_images is None or record.cell.batch_size is None:
        return None
    return ceil(result.train_images / record.cell.batch_size)


def _metrics(result: Result) -> dict[str, _Metric]:
    if not result.epochs:
        return {}
    last = result.epochs[-1]
    scores = [epoch.val_accuracy for epoch in result.epochs if epoch.val_accuracy is not None]
    return {
        "final_loss": last.loss,
        "final_accuracy": last.accuracy,
        "final_val_loss": last.val_loss,
        "final_val_accuracy": last.val_accuracy,
        "best_val_accuracy": max(scores, default=None),
        "final_val_perplexity": _perplexity(result),
    }


def _headline(record: Record, result: Result) -> dict[str, _Metric]:
    headline = headline_of(result)
    if headline is None:
        return {}
    named = result.headline and record.cell.task != "predict"
    return {
        "headline_metric": headline.metric,
        "headline_mode": headline.mode,
        "final_headline": headline.final(result),
        "best_headline": headline.best(result),
        "headline_reason": missing_headline(result) if named else None,
    }


def _phase(record: Record) -> dict[str, _Metric]:
    """Return the columns of a phase, and the quantity by which the record is compared."""
    phase = training_phase_of(record)
    if phase is None:
        return {"compared": "epoch"}
    has_epochs = phase.method == "fit" and any(not epoch.warmup for epoch in phase.epochs)
    return {
        "compared": "epoch" if has_epochs else "phase",
        "phase_number": record.number + 1 if isinstance(record, PhaseRecord) else None,
        "phase_method": phase.method,
        "phase_line": phase.line,
        "phase_calls": phase.calls,
        "phase_seconds": phase.seconds,
    }


def _perplexity(result: Result) -> float | None:
    """Return exp of the last validation loss of a model that predicts the next element."""
    loss = result.epochs[-1].val_loss if result.epochs else None
    return exp(loss) if result.settings.get("target") == "next" and loss is not None else None


def _latencies(result: Result) -> dict[str, _Metric]:
    """Return the percentiles of single predictions: observed values, without interpolation."""
    ordered = sorted(result.latency_seconds)
    if not ordered:
        return {}
    return {
        f"latency_p{percent}_seconds": ordered[ceil(len(ordered) * percent / 100) - 1]
        for percent in LATENCY_PERCENTILES
    }


def _steady_statistics(record: Record, result: Result) -> dict[str, _Metric]:
    seconds = [epoch.train_seconds for epoch in result.steady_epochs]
    if not seconds:
        return {}
    validation = [s for e in result.steady_epochs if (s := e.validation_seconds) is not None]
    steps = [step_seconds(record, epoch) for epoch in result.steady_epochs]
    known = [value for value in steps if value is not None]
    return {
        "epoch_seconds_median": median(seconds),
        "epoch_seconds_min": min(seconds),
        "epoch_seconds_max": max(seconds),
        "epoch_seconds_n": len(seconds),
        "step_seconds_median": median(known) if known else None,
        "validation_seconds_median": median(validation) if validation else None,
        "images_per_second": _images_per_second(result, seconds),
    }


def _images_per_second(result: Result, seconds: Sequence[float]) -> float | None:
    """Return the training images of an epoch in the median of `seconds`; None if unknown."""
    if result.train_images is None or not seconds:
        return None
    return result.train_images / median(seconds)


def _memory(result: Result) -> dict[str, _Metric]:
    if result.baseline_memory_bytes is None:
        return {}
    return {"memory_over_baseline_bytes": result.peak_memory_bytes - result.baseline_memory_bytes}


def _work(record: Record, result: Result) -> dict[str, _Metric]:
    seconds = [epoch.train_seconds for epoch in result.steady_epochs]
    metrics: dict[str, _Metric] = {
        "uncounted_layers": ", ".join(result.uncounted_layers) or None,
        "stochastic_layers": ", ".join(result.stochastic_layers) or None,
        "feed_seconds": result.detail.feed_seconds if result.detail else None,
    }
    images_per_second = _images_per_second(result, seconds)
    if result.forward_macs is None or images_per_second is None:
        return metrics
    rate = FLOPS_PER_MAC[record.cell.task] * result.forward_macs * images_per_second / 1e9
    metrics["achieved_gflops"] = rate
    # The calibration runs on the CPU, so its peak does not apply to a GPU.
    if record.calibration and record.cell.device == "cpu":
        metrics["gemm_peak_fraction"] = rate / _gemm_peak_gflops(record)
    return metrics


def _calibration(record: Record) -> dict[str, _Metric]:
    if record.calibration is None:
        return {}
    before, after = record.calibration
    return {
        "gemm_before_seconds": lower_quartile(before.gemm_seconds),
        "gemm_after_seconds": lower_quartile(after.gemm_seconds),
        "gemm_seconds": lower_quartile(before.gemm_seconds + after.gemm_seconds),
        "copy_before_seconds": lower_quartile(before.copy_seconds),
        "copy_after_seconds": lower_quartile(after.copy_seconds),
        "copy_seconds": lower_quartile(before.copy_seconds + after.copy_seconds),
        "gemm_peak_gflops": _gemm_peak_gflops(record),
    }


def _gemm_peak_gflops(record: Record) -> float:
    return max(calibration.gemm_gflops for calibration in record.calibration or ())


#: The phases in the order of their start, each with its column of cells.csv.
PHASE_COLUMNS: Final = {
    "interpreter": "interpreter_seconds",
    "harness": "harness_seconds",
    "import": "import_seconds",
    "data open": "data_open_seconds",
    "build": "build_seconds",
    "setup": "setup_seconds",
    "first step": "first_step_seconds",
    "steps": "steps_seconds",
    "validation": "validation_seconds_total",
    "tail": "tail_seconds",
    "exit": "exit_seconds",
    "unattributed": "unattributed_seconds",
}


def phase_seconds(record: Record) -> dict[str, float]:
    """Return the seconds of each phase of PHASE_COLUMNS, in that order; their sum is wall_seconds.

    `steps` is all training except the first step. `tail` is the time at the ends of all epochs and
    of `fit`. `unattributed` is the time that no clock covers; if it is below 0, two clocks overlap.
    A launch with one step per epoch has no phase `first step`; all its training is in `steps`.
    Empty for a record without a result, for a record of version 1, which lacks most clocks, and for
    a phase of a user's own training, which is only a part of a launch.
    """
    result = record.result
    if result is None or phase_of(record) is not None:
        return {}
    known = {
        "interpreter": record.interpreter_seconds,
        "harness": result.harness_seconds,
        "import": result.import_seconds,
        "data open": result.data_open_seconds,
        "build": result.build_seconds,
        "setup": result.setup_seconds,
        **_fit_seconds(result),
        "tail": _tail_seconds(result),
        "exit": record.exit_seconds,
    }
    phases = {name: seconds for name, seconds in known.items() if seconds is not None}
    if len(phases) < len(known):
        return {}
    return {**phases, "unattributed": record.wall_seconds - sum(phases.values())}


def _fit_seconds(result: Result) -> dict[str, float]:
    training = sum(epoch.train_seconds for epoch in result.epochs)
    validation = sum(epoch.validation_seconds or 0.0 for epoch in result.epochs)
    if result.first_step_seconds is None:
        return {"steps": training, "validation": validation}
    first = result.first_step_seconds
    return {"first step": first, "steps": training - first, "validation": validation}


def _tail_seconds(result: Result) -> float | None:
    tails = [epoch.tail_seconds for epoch in result.epochs]
    known = [seconds for seconds in (*tails, result.teardown_seconds) if seconds is not None]
    return sum(known) if len(known) == len(tails) + 1 else None
