"""What the parent hands to a worker: everything that one launch needs, in one JSON file."""

from typing import Any, Literal

import msgspec

from bench.core.cell import Cell


class Job(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One launch of a cell, seen from the child.

    `builder` is `module:function` of `models`, or a user's own (see `bench.worker.builders`);
    `optimizer`, `loss` and `metrics` compile a model that comes uncompiled, and `target` says what
    it learns to give (see `models.table.Target`). `dataset_folder` holds the prepared
    arrays, `output_path` is where the worker writes its output, and `events_fd` a pipe on which it
    writes one JSON line per finished epoch (None: nobody listens). An `instrumented` launch waits
    after every step to time it. `cpus` are those that the worker may use and `weights_folder` is
    where the weight files of the `matched` lane are; other lanes leave both alone. `source` is a
    folder whose `models` are trained in place of this checkout's, if any.
    """

    cell: Cell
    builder: str
    optimizer: str | dict[str, Any]
    loss: str
    metrics: tuple[str, ...]
    target: Literal["labels", "inputs", "next"] = "labels"
    dataset_folder: str
    output_path: str
    events_fd: int | None = None
    instrumented: bool = False
    cpus: tuple[int, ...] = ()
    weights_folder: str = ""
    source: str = ""


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An epoch is finished; seconds are train and validation together. Predictions have no loss."""

    epoch: int
    epochs: int
    epoch_seconds: float
    loss: float | None
    val_accuracy: float | None
