"""The columns of the three CSV files: order, pandas type and meaning, each declared once."""

from typing import Final, NamedTuple

from bench.cell import BACKENDS


class Column(NamedTuple):
    """One column; `meaning` is what the README says of it."""

    name: str
    dtype: str
    meaning: str


def names(columns: tuple[Column, ...]) -> list[str]:
    """Return the names of `columns` in order."""
    return [column.name for column in columns]


_CELL_KEY: Final = (
    Column("workload", "string", "name of the workload, or `FILE.py:FUNCTION`"),
    Column("dataset", "string", "name of the dataset"),
    Column("lane", "string", "how it was run: `default`"),
    Column("precision", "string", "Keras dtype policy"),
    Column("batch_size", "Int64", "images per training step"),
    Column("epochs", "Int64", "epochs of the cell"),
    Column("seed", "Int64", "random seed"),
    Column("device", "string", "`cpu` or `gpu`"),
    Column("limit_train", "Int64", "leading training images used; empty: all"),
)
_MUST_MATCH: Final = (
    Column("dataset_fingerprint", "string", "sha256 of the prepared arrays"),
    Column("workload_source", "string", "sha256 of the workload's source"),
    Column("protocol_version", "Int64", "version of what the harness times"),
    Column("keras_version", "string", "version of Keras"),
    Column("machine_id", "string", "short hash of the machine's CPU, memory and system"),
)
#: What records must share to stand in one row of a comparison: the cell but its backend, and
#: the facts that are known of failed records too.
ROW_KEY: Final = (*names(_CELL_KEY), *names(_MUST_MATCH))

#: What the ok records of one row must agree in, or the row names no fastest backend. Most of it
#: only a result holds, so it cannot be part of the key, in which failed records have to fit.
MUST_AGREE: Final = (
    "parameters",
    "trainable_parameters",
    "train_images",
    "validation_images",
    "settings_dtype_policy",
    "settings_floatx",
    "settings_epsilon",
    "settings_data_format",
    "settings_affinity_cpus",
    "environment",
)

_RECORD: Final = (
    Column("cell_id", "string", "readable name of the cell"),
    *_CELL_KEY[:2],
    Column("backend", "string", "`jax`, `tensorflow` or `torch`"),
    *_CELL_KEY[2:],
    Column("repetition", "Int64", "number of the repetition, from 0"),
    Column("run_id", "string", "the run that made the record"),
    Column("digest", "string", "sha256 of everything that the record depends on"),
    *_MUST_MATCH,
    Column("status", "string", "`ok` or `failed`"),
    Column("reason", "string", "why it failed; empty when ok"),
)

EPOCHS_COLUMNS: Final = (
    *_RECORD,
    Column("epoch", "Int64", "number of the epoch, from 1; empty for a failed record"),
    Column("warmup", "boolean", "True for the first epoch, which statistics leave out"),
    Column("train_seconds", "Float64", "the epoch's training time, without validation"),
    Column("validation_seconds", "Float64", "the epoch's validation time"),
    Column("loss", "Float64", "training loss"),
    Column("accuracy", "Float64", "training accuracy, 0 to 1; empty without that metric"),
    Column("val_loss", "Float64", "validation loss"),
    Column("val_accuracy", "Float64", "validation accuracy, 0 to 1; empty without that metric"),
)

CELLS_COLUMNS: Final = (
    *_RECORD,
    Column("exit_status", "Int64", "the worker's; negative: signal; empty: not started"),
    Column("started_at", "string", "start of the worker, UTC, ISO 8601"),
    Column("wall_seconds", "Float64", "start to exit of the worker process"),
    Column("import_seconds", "Float64", "import of Keras with its backend"),
    Column("data_open_seconds", "Float64", "opening the arrays and encoding the labels"),
    Column("build_seconds", "Float64", "building and compiling the model"),
    Column("first_step_seconds", "Float64", "first step with trace and compile; may be empty"),
    Column("fit_seconds_total", "Float64", "the whole of `fit`, with validation and warm-up"),
    Column("epoch_seconds_median", "Float64", "median train_seconds of the steady epochs"),
    Column("epoch_seconds_min", "Float64", "smallest of these"),
    Column("epoch_seconds_max", "Float64", "largest of these"),
    Column("epoch_seconds_n", "Int64", "number of steady epochs; empty if there is none"),
    Column("validation_seconds_median", "Float64", "median over the steady epochs"),
    Column("images_per_second", "Float64", "train_images / epoch_seconds_median"),
    Column("final_loss", "Float64", "training loss of the last epoch"),
    Column("final_accuracy", "Float64", "training accuracy of the last epoch"),
    Column("final_val_loss", "Float64", "validation loss of the last epoch"),
    Column("final_val_accuracy", "Float64", "validation accuracy of the last epoch"),
    Column("best_val_accuracy", "Float64", "largest val_accuracy of all epochs"),
    Column("train_images", "Int64", "training images per epoch"),
    Column("validation_images", "Int64", "validation images per epoch"),
    Column("parameters", "Int64", "parameters of the model"),
    Column("trainable_parameters", "Int64", "trainable ones of these"),
    Column("peak_memory_bytes", "Int64", "largest resident set of the worker"),
    Column("cpu_seconds", "Float64", "user + system CPU time up to the end of `fit`"),
    Column("dataset_official", "boolean", "False: a local copy that nobody verified"),
    Column("dataset_source", "string", "where the dataset came from"),
    Column("backend_version", "string", "version of the backend"),
    Column("python_version", "string", "version of Python"),
    Column("cpu_model", "object", "the machine's CPU"),
    Column("usable_cpus", "object", "CPUs that the harness could use"),
    Column("memory_gib", "object", "the machine's memory in GiB"),
    Column("git_commit", "string", "the harness's commit"),
    Column("git_dirty", "boolean", "whether tracked files differed from it"),
    Column("environment", "string", "variables that can change speed or numerics"),
    Column("settings_jit_compile", "object", "resolved: the step was compiled by XLA / inductor"),
    Column("settings_run_eagerly", "object", "resolved: the step ran eagerly"),
    Column("settings_steps_per_execution", "object", "resolved: steps per compiled call"),
    Column("settings_dtype_policy", "object", "resolved dtype policy"),
    Column("settings_floatx", "object", "resolved float type"),
    Column("settings_epsilon", "object", "resolved epsilon"),
    Column("settings_data_format", "object", "resolved image data format"),
    Column("settings_affinity_cpus", "object", "CPUs that the worker could use"),
    Column("settings_intra_op_threads", "object", "threads in one operation; empty, 0: automatic"),
    Column("settings_inter_op_threads", "object", "threads between operations, as above"),
    Column("settings_matmul_precision", "object", "the backend's matrix precision"),
    Column("settings_device_name", "object", "the backend's name of the device"),
)

_BACKEND: Final = (
    Column("status", "string", "`ok`, `failed`, `missing` (no record) or `mixed` (unlike digests)"),
    Column("reason", "string", "why a record failed, or why nothing is pooled"),
    Column("records", "Int64", "ok records"),
    Column("failed_records", "Int64", "failed records"),
    Column("version", "string", "version of the backend"),
    Column("epoch_seconds_median", "Float64", "median train_seconds, steady epochs of all records"),
    Column("epoch_seconds_min", "Float64", "smallest of these"),
    Column("epoch_seconds_max", "Float64", "largest of these"),
    Column("epoch_seconds_n", "Int64", "number of these; empty if there is none"),
    Column("fit_seconds_total_median", "Float64", "median over the records"),
    Column("images_per_second", "Float64", "training images / epoch_seconds_median"),
    Column("first_step_seconds", "Float64", "median over the records"),
    Column("final_loss", "Float64", "median over the records"),
    Column("final_accuracy", "Float64", "median over the records"),
    Column("final_val_loss", "Float64", "median over the records"),
    Column("final_val_accuracy", "Float64", "median over the records"),
    Column("best_val_accuracy", "Float64", "median over the records of each one's best"),
    Column("peak_memory_bytes", "Int64", "largest over the records"),
)
#: The names of a backend's column group, without `BACKEND_`.
BACKEND_GROUP: Final = tuple(names(_BACKEND))

COMPARISON_COLUMNS: Final = (
    *_CELL_KEY,
    *_MUST_MATCH,
    Column("dataset_official", "boolean", "False: a local copy that nobody verified"),
    Column("timing", "string", "`not interleaved`: drift of the machine is not cancelled"),
    Column("unlike", "string", "what the backends disagree in although they must not"),
    Column("fastest_backend", "string", "lowest median epoch; empty if under two, or unlike"),
    *(
        Column(f"{backend}_{column.name}", column.dtype, column.meaning)
        for backend in BACKENDS
        for column in _BACKEND
    ),
)
