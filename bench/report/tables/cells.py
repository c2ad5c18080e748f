"""cells.csv: one row per record, with its metrics and the facts of its measurement."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from bench.core.record import Record
from bench.parity.fingerprint import subject_of
from bench.report.tables.columns import (
    RECORD_COLUMNS,
    Column,
    backend_version,
    make_frame,
    names,
    record_columns,
    sorted_records,
)
from bench.report.tables.metrics import record_metrics
from bench.report.tables.phase_records import is_script_phase

_PLACE: Final = (
    Column("race_round", "Int64", "round of its race, from 0; empty outside a race"),
    Column("race_position", "Int64", "position in that round, from 0"),
    Column(
        "race_session",
        "Int64",
        "session in which it was measured, from 0; a resumed race has several",
    ),
    Column(
        "exit_status",
        "Int64",
        "exit status of the worker; negative: killed by that signal; empty: not started",
    ),
    Column("started_at", "string", "start of the worker, UTC, ISO 8601"),
)
_PHASES: Final = (
    Column(
        "wall_seconds",
        "Float64",
        "start to exit of the worker process, and the sum of the parts below",
    ),
    Column("interpreter_seconds", "Float64", "start of the process to the worker's first line"),
    Column(
        "harness_seconds",
        "Float64",
        "the harness's own work in the worker: its modules, the job, the resolved settings",
    ),
    Column("import_seconds", "Float64", "import of Keras with its backend"),
    Column("data_open_seconds", "Float64", "opening the arrays and encoding the labels"),
    Column("build_seconds", "Float64", "building and compiling the model"),
    Column("setup_seconds", "Float64", "call of `fit` to its first epoch"),
    Column(
        "first_step_seconds",
        "Float64",
        "first step, with trace and compile; empty for an epoch of one step",
    ),
    Column("steps_seconds", "Float64", "all other training, of every epoch"),
    Column("validation_seconds_total", "Float64", "validation of every epoch"),
    Column("tail_seconds", "Float64", "ends of the epochs after validation, and the end of `fit`"),
    Column("exit_seconds", "Float64", "the worker's last line to the end of the process"),
    Column("unattributed_seconds", "Float64", "wall_seconds minus the sum of these parts"),
)
_OF_A_PHASE: Final = (
    Column(
        "compared",
        "string",
        "what is compared with other backends: `epoch` (epoch_seconds_median), or `phase` "
        "(phase_seconds) for a phase without a second epoch of `fit`",
    ),
    Column("phase_number", "Int64", "position of the phase in its launch, from 1"),
    Column("phase_method", "string", "`fit`, `evaluate`, `predict`, or `script`: the code between"),
    Column("phase_line", "Int64", "line of the call in the user's file"),
    Column("phase_calls", "Int64", "calls from that line"),
    Column("phase_seconds", "Float64", "time of the complete calls"),
)
_METRICS: Final = (
    Column("fit_seconds_total", "Float64", "the whole of `fit`, with validation and warm-up"),
    Column("epoch_seconds_median", "Float64", "median train_seconds of the steady epochs"),
    Column("epoch_seconds_min", "Float64", "smallest train_seconds of the steady epochs"),
    Column("epoch_seconds_max", "Float64", "largest train_seconds of the steady epochs"),
    Column("epoch_seconds_n", "Int64", "number of steady epochs; empty if there is none"),
    Column("step_seconds_median", "Float64", "median of step_seconds over the steady epochs"),
    Column("validation_seconds_median", "Float64", "median over the steady epochs"),
    Column("images_per_second", "Float64", "train_images / epoch_seconds_median"),
    Column(
        "feed_seconds",
        "Float64",
        "time to draw one epoch of batches without training; instrumented launches only",
    ),
    Column("final_loss", "Float64", "training loss of the last epoch"),
    Column("final_accuracy", "Float64", "training accuracy of the last epoch"),
    Column("final_val_loss", "Float64", "validation loss of the last epoch"),
    Column("final_val_accuracy", "Float64", "validation accuracy of the last epoch"),
    Column("best_val_accuracy", "Float64", "largest val_accuracy of all epochs"),
    Column(
        "final_val_perplexity", "Float64", "exp(final_val_loss) where the next byte is predicted"
    ),
    Column("headline_metric", "string", "the log by which the record is judged"),
    Column("headline_mode", "string", "its better direction: `max` or `min`"),
    Column("final_headline", "Float64", "headline_metric in the last epoch"),
    Column("best_headline", "Float64", "best headline_metric of all epochs"),
    Column(
        "headline_reason", "string", "why there is no final_headline, if the recipe names a metric"
    ),
    Column("latency_p50_seconds", "Float64", "median time of a prediction of one image"),
    Column(
        "latency_p95_seconds", "Float64", "95th percentile of these times, one of the measured ones"
    ),
    Column(
        "latency_p99_seconds", "Float64", "99th percentile of these times, one of the measured ones"
    ),
    Column(
        "train_images",
        "Int64",
        "images per epoch: training images for `fit`, otherwise test images",
    ),
    Column("validation_images", "Int64", "validation images per epoch"),
    Column("parameters", "Int64", "parameters of the model"),
    Column("trainable_parameters", "Int64", "trainable parameters of the model"),
    Column("uncounted_reason", "string", "why images or parameters could not be counted"),
)
_WORK: Final = (
    Column("forward_macs", "Int64", "multiply-accumulates of one image's forward pass"),
    Column(
        "uncounted_layers",
        "string",
        "layers whose work cannot be counted; if there are any, forward_macs is empty",
    ),
    Column(
        "achieved_gflops",
        "Float64",
        "2 * forward_macs * images_per_second / 1e9; 3 times that for `fit`",
    ),
    Column("gemm_peak_gflops", "Float64", "highest rate of the record's calibrations, on the CPU"),
    Column("gemm_peak_fraction", "Float64", "achieved_gflops / gemm_peak_gflops; empty on a GPU"),
    Column(
        "gemm_before_seconds",
        "Float64",
        "calibration before the launch: lower quartile of its matrix products",
    ),
    Column("gemm_after_seconds", "Float64", "the same after the launch"),
    Column("gemm_seconds", "Float64", "lower quartile of both calibrations' repetitions together"),
    Column(
        "copy_before_seconds",
        "Float64",
        "calibration before the launch: lower quartile of its memory copies",
    ),
    Column("copy_after_seconds", "Float64", "the same after the launch"),
    Column("copy_seconds", "Float64", "lower quartile of both calibrations' repetitions together"),
    Column("peak_memory_bytes", "Int64", "largest resident set of the worker"),
    Column(
        "memory_over_baseline_bytes",
        "Int64",
        "peak_memory_bytes minus the resident set after importing the backend",
    ),
    Column("device_peak_memory_bytes", "Int64", "peak on the GPU by the backend's own counter"),
    Column("cpu_seconds", "Float64", "user + system CPU time up to the end of `fit`"),
)
_FACTS: Final = (
    Column(
        "stochastic_layers",
        "string",
        "layers whose random masks differ between backends in every lane",
    ),
    Column("weights_sha256", "string", "sha256 of the initial weights; lane `matched`"),
    Column("batch_order_sha256", "string", "sha256 of the order of the images; lane `matched`"),
    Column("dataset_official", "boolean", "False: a local copy that was not verified"),
    Column("dataset_source", "string", "where the dataset came from"),
    Column(
        "function_sha256", "string", "sha256 of everything that decides which function was computed"
    ),
    Column("backend_version", "string", "version of the backend"),
    Column("python_version", "string", "version of Python"),
    Column("cpu_model", "object", "the machine's CPU"),
    Column("usable_cpus", "object", "CPUs that the harness could use"),
    Column("memory_gib", "object", "the machine's memory in GiB"),
    Column("git_commit", "string", "git commit of the harness"),
    Column("git_dirty", "boolean", "whether tracked files differed from that commit"),
    Column("environment", "string", "environment variables that can change speed or numerics"),
)
_SETTINGS: Final = (
    Column("settings_jit_compile", "object", "resolved: the step was compiled by XLA / inductor"),
    Column("settings_run_eagerly", "object", "resolved: the step ran eagerly"),
    Column("settings_steps_per_execution", "object", "resolved: steps per compiled call"),
    Column("settings_dtype_policy", "object", "resolved dtype policy"),
    Column("settings_floatx", "object", "resolved float type"),
    Column("settings_epsilon", "object", "resolved epsilon"),
    Column("settings_data_format", "object", "resolved image data format"),
    Column("settings_data_adapter", "object", "the adapter that `fit` drew its batches from"),
    Column("settings_keras_json", "object", "text of the `keras.json` that Keras read, or `none`"),
    Column("settings_affinity_cpus", "object", "CPUs that the worker could use"),
    Column("settings_affinity", "object", "numbers of these CPUs"),
    Column(
        "settings_intra_op_threads",
        "object",
        "threads that share one operation; empty: the backend has no such pool",
    ),
    Column(
        "settings_inter_op_threads",
        "object",
        "threads that run operations concurrently; empty: the backend has no such pool",
    ),
    Column("settings_matmul_precision", "object", "the backend's precision of matrix products"),
    Column(
        "settings_tf32", "object", "where TF32 may be used: `off`, `on`, `matmul`, `convolutions`"
    ),
    Column(
        "settings_onednn", "object", "whether oneDNN kernels may be used on the CPU; empty: unknown"
    ),
    Column("settings_allocator", "object", "memory allocator, on the host and on a GPU"),
    Column(
        "settings_build_variant",
        "object",
        "instruction sets or devices for which the backend's libraries were built",
    ),
    Column("settings_device_count", "object", "devices that the backend saw"),
    Column("settings_target", "object", "training target: `labels`, `inputs` or `next`"),
    Column("settings_device_name", "object", "the backend's name of the device"),
)
CELLS_COLUMNS: Final = (
    *(*RECORD_COLUMNS, *_PLACE, *_PHASES, *_OF_A_PHASE),
    *(*_METRICS, *_WORK, *_FACTS, *_SETTINGS),
)

_MACHINE: Final = ("cpu_model", "usable_cpus", "memory_gib")


def cells_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Return one row per record, including failed and instrumented ones.

    Resolved settings without a declared column get columns at the end, in alphabetical order.
    """
    rows = [_cells_row(record) for record in sorted_records(records)]
    settings = {name for row in rows for name in row if name.startswith("settings_")}
    extra = sorted(settings - set(names(CELLS_COLUMNS)))
    return make_frame(rows, (*CELLS_COLUMNS, *(Column(name, "object", "") for name in extra)))


def _cells_row(record: Record) -> dict[str, object]:
    settings = record.result.settings if record.result else {}
    machine = {name: record.machine.get(name) for name in _MACHINE}
    subject = subject_of(record)
    variables = (f"{name}={value}" for name, value in sorted(record.environment.items()))
    return {
        **record_columns(record),
        **record_metrics(record),
        **machine,
        "race_round": record.race.round if record.race else None,
        "race_position": record.race.position if record.race else None,
        "race_session": record.race.session if record.race else None,
        "exit_status": record.exit_status,
        "started_at": record.started_at,
        "wall_seconds": record.wall_seconds,
        "dataset_official": record.dataset.official,
        "dataset_source": record.dataset.source,
        "function_sha256": subject.sha256 if subject and not is_script_phase(record) else None,
        "backend_version": backend_version(record),
        "python_version": record.versions.get("python"),
        "git_commit": record.git.commit,
        "git_dirty": record.git.dirty,
        "environment": "; ".join(variables),
        **{f"settings_{name}": value for name, value in settings.items()},
    }
