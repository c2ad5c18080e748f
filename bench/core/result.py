"""The result of a worker: raw clock readings and metrics of its epochs."""

import math
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

#: The names under which a compiled model logs its accuracy.
ACCURACIES: Final = ("accuracy", "acc", "categorical_accuracy", "sparse_categorical_accuracy")


class Epoch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One epoch's raw clock readings, in seconds, and its logs.

    `logs` holds all logs of the epoch by Keras's names, those of validation with the prefix `val_`,
    in Keras's order; a value that is NaN or infinite is None. A log that is an array has an entry
    for each element, `name[0]`, `name[1]`, …

    `warmup` marks the first epoch: it includes tracing and compilation, so statistics omit it.
    `train_seconds` is the time of the pass over the images without what follows it;
    `validation_seconds` is None for an epoch without validation, and where the task is not `fit`.
    `tail_seconds` runs from the end of validation to the start of the next epoch, for the last one
    to its own end; `first_step_seconds` from the start of the epoch to that of its second step,
    including all costs of starting an epoch (None for an epoch of one step). In records of version
    1 both are None. `steps` is the number of training steps by Keras's own count, None in records
    before version 6 and where there are none. `first_steps` of them are in `first_step_seconds`,
    as many as `steps_per_execution`.
    """

    index: int
    warmup: bool
    train_seconds: float
    validation_seconds: float | None = None
    logs: dict[str, float | None] = {}
    tail_seconds: float | None = None
    first_step_seconds: float | None = None
    steps: int | None = None
    first_steps: int = 1

    def __post_init__(self) -> None:
        """Refuse clock readings that are not positive and logs that are not finite."""
        known = [s for s in (self.train_seconds, self.validation_seconds) if s is not None]
        if not all(0 < seconds < math.inf for seconds in known):
            raise ValueError(f"epoch {self.index} has a duration that is not above 0 s")
        for name in ("tail_seconds", "first_step_seconds"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < math.inf:
                raise ValueError(f"{name} is {value} in epoch {self.index}")
        for name in ("steps", "first_steps"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value} in epoch {self.index}")
        for name, value in self.logs.items():
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name} is {value} in epoch {self.index}")

    @property
    def loss(self) -> float | None:
        """The training loss, if the epoch has one."""
        return self.logs.get("loss")

    @property
    def val_loss(self) -> float | None:
        """The validation loss, if the epoch has one."""
        return self.logs.get("val_loss")

    @property
    def accuracy(self) -> float | None:
        """The training accuracy, 0 to 1, if the model has such a metric."""
        return accuracy_of(self.logs)

    @property
    def val_accuracy(self) -> float | None:
        """The validation accuracy, 0 to 1, if the model has such a metric."""
        return accuracy_of(self.logs, "val_")


def accuracy_of(logs: Mapping[str, float | None], prefix: str = "") -> float | None:
    """Return the accuracy that a compiled model logs under a usual name, or None."""
    return next((logs[prefix + name] for name in ACCURACIES if prefix + name in logs), None)


class StepDetail(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Times of single steps, which only an instrumented launch has: it waits after every step.

    `step_seconds` holds per epoch the seconds of each training step, from its start to the arrival
    of its logs; `gap_seconds` those between the end of a step and the start of the next one.
    `feed_seconds` is the time to draw one epoch of batches from the data adapter that `fit` used,
    without training; it is None where they can be drawn only once.
    """

    step_seconds: tuple[tuple[float, ...], ...]
    gap_seconds: tuple[tuple[float, ...], ...]
    feed_seconds: float | None


Scalar = str | int | float | bool | None


class TrainingPhase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One call of `fit`, `evaluate` or `predict` in a user's own training, or the time between.

    `name` differs between the phases of a launch: `fit`, `fit 2`, `script`, …; `line` is that of
    the call in the user's file. Several calls from one line, as in a loop, are one phase of so many
    `calls`, whose epochs follow each other. `seconds` is the time of the complete calls. A phase
    `script` is the user's own code before the call in `line`, or before the end if that is None; it
    has no epochs, and no other phase is without them. An epoch of `evaluate` and `predict` is one
    pass. The other fields are as in Result.
    """

    name: str
    method: Literal["fit", "evaluate", "predict", "script"]
    line: int | None
    seconds: float
    calls: int = 1
    epochs: tuple[Epoch, ...] = ()
    first_step_seconds: float | None = None
    setup_seconds: float | None = None
    teardown_seconds: float | None = None
    batch_size: int | None = None
    train_images: int | None = None
    validation_images: int | None = None
    model: str | None = None
    parameters: int | None = None
    trainable_parameters: int | None = None

    def __post_init__(self) -> None:
        """Refuse a phase with impossible numbers, or with epochs out of order."""
        _check_order(self.epochs)
        if not 0 <= self.seconds < math.inf:
            raise ValueError(f"phase {self.name!r} has {self.seconds} seconds")
        if (self.method == "script") != (not self.epochs):
            raise ValueError(f"phase {self.name!r} contradicts its number of epochs")


def _check_order(epochs: tuple[Epoch, ...]) -> None:
    if [epoch.index for epoch in epochs] != list(range(len(epochs))):
        raise ValueError("the epochs are not numbered 0, 1, 2, …")


class Result(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the worker measured. Durations in seconds, memory in bytes.

    An epoch is one pass over the images: of `fit` over the training images, which are validated
    after it; of `evaluate` and `predict` over the test images, with nothing after it.

    `import_seconds` is the time of importing keras with its backend, `data_open_seconds` of
    opening the prepared arrays and encoding the labels, `build_seconds` of building and compiling
    the model, `first_step_seconds` from the first batch's begin to the second's (trace, compile
    and the first step; None when an epoch has one batch), `fit_seconds_total` the whole of `fit`
    with validation, as the lab counts it. `peak_memory_bytes` is the largest resident set,
    `cpu_seconds` user plus system time of the worker up to the end of `fit`. `settings` is what
    was resolved at run time: jit mode, dtype policy, data format, threads and the like.

    The rest is None in records of version 1. `setup_seconds` runs from the call of `fit` to its
    first epoch, `teardown_seconds` from the end of the last epoch to its return, and
    `harness_seconds` is the worker's time for the harness itself (loading its modules,
    reading the job, resolving settings). `entered_at` and `left_at` are readings of the machine's
    monotonic clock, at the worker's first line and just before it writes its output.
    `baseline_memory_bytes` is the resident set after the import of the framework;
    `device_peak_memory_bytes` the peak on a GPU by the backend's own counter, None on a CPU or
    where the backend cannot tell. `forward_macs` counts the multiply-accumulates of one image's
    forward pass, None when a layer in `uncounted_layers` has no rule. `stochastic_layers` names
    the layers whose random masks cannot be matched between backends. `weights_sha256` and
    `batch_order_sha256` are those of the `matched` lane, None in any other. `latency_seconds` holds
    the time of each prediction of a single image, in the order in which they were made; only the
    task `predict` has any.
    """

    epochs: tuple[Epoch, ...]
    import_seconds: float
    data_open_seconds: float
    build_seconds: float
    first_step_seconds: float | None
    fit_seconds_total: float
    train_images: int | None
    validation_images: int | None
    parameters: int | None
    trainable_parameters: int | None
    peak_memory_bytes: int
    cpu_seconds: float
    settings: dict[str, Scalar]
    setup_seconds: float | None = None
    teardown_seconds: float | None = None
    harness_seconds: float | None = None
    entered_at: float | None = None
    left_at: float | None = None
    baseline_memory_bytes: int | None = None
    device_peak_memory_bytes: int | None = None
    forward_macs: int | None = None
    uncounted_layers: tuple[str, ...] = ()
    stochastic_layers: tuple[str, ...] = ()
    weights_sha256: str | None = None
    batch_order_sha256: str | None = None
    detail: StepDetail | None = None
    latency_seconds: tuple[float, ...] = ()
    phases: tuple[TrainingPhase, ...] = ()
    stopped_early: bool = False
    uncounted_reason: str | None = None
    headline: str | None = None
    headline_mode: Literal["auto", "max", "min"] = "auto"

    def __post_init__(self) -> None:
        """Refuse a result without epochs, with epochs out of order, or with impossible numbers."""
        _check_order(self.epochs)
        if bool(self.epochs) == bool(self.phases):
            raise ValueError("there is no epoch in the result, or there are phases beside epochs")
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, int | float) and not 0 <= value < math.inf:
                raise ValueError(f"{name} is {value}, where a number from 0 is expected")
        if not all(0 < seconds < math.inf for seconds in self.latency_seconds):
            raise ValueError("latency_seconds holds a duration that is not above 0 s")

    @property
    def steady_epochs(self) -> tuple[Epoch, ...]:
        """The epochs after the warm-up, from which time statistics are computed."""
        return tuple(epoch for epoch in self.epochs if not epoch.warmup)


class WorkerOutput(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The output of a worker: its result, or a reason of one sentence.

    `unsupported` is True when the framework refused the cell; the reason is then its message.
    """

    result: Result | None = None
    reason: str | None = None
    unsupported: bool = False

    def __post_init__(self) -> None:
        """Refuse an output with both or neither, or with an empty reason."""
        if (self.result is None) == (self.reason is None):
            raise ValueError("a worker's output holds either a result or a reason")
        if self.reason is not None and not self.reason.strip():
            raise ValueError("the reason is empty")
        if self.unsupported and self.reason is None:
            raise ValueError("a worker's output holds a result and is marked unsupported")
