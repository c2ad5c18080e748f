"""The job of a worker: everything that one launch needs, in one JSON file."""

from typing import Any, Literal

import msgspec

from bench.core.cell import Cell


class Job(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One launch of a cell, as its worker reads it.

    `builder` is `module:function` in `models`, or a user's builder (see `bench.worker.builders`).
    `optimizer`, `loss` and `metrics` compile a model that its builder returns uncompiled; `target`
    is the output that it learns (see `models.table.Target`), `encoding` the form of class ids, and
    `weights` the file of the first weights, if any. `headline` names the log by which the result is
    judged, empty for the default; `headline_mode` is its better direction. `dataset_folder` holds
    the prepared arrays, and the worker writes its output to `output_path`. On the pipe `events_fd`
    it writes one JSON line per finished epoch; None if nothing reads them. An `instrumented` launch
    waits after every step to time it. Only the lane `matched` uses `cpus`, the processors that the
    worker may use, and `weights_folder`, the folder of its weight files. `source` is a folder whose
    `models` are trained in place of this checkout's; it may be empty. The `builder` of a script is
    its name as a workload (see `bench.core.script`). It has no prepared arrays, and `stand_ins` is
    the folder of what stands in for its downloads, if any.
    """

    cell: Cell
    builder: str
    optimizer: str | dict[str, Any]
    loss: str
    metrics: tuple[str, ...]
    target: Literal["labels", "inputs", "next"] = "labels"
    encoding: Literal["auto", "one-hot", "as given"] = "auto"
    weights: str = ""
    headline: str = ""
    headline_mode: Literal["auto", "max", "min"] = "auto"
    dataset_folder: str
    output_path: str
    events_fd: int | None = None
    instrumented: bool = False
    cpus: tuple[int, ...] = ()
    weights_folder: str = ""
    source: str = ""
    stand_ins: str = ""


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One finished epoch: its seconds with validation, its metrics; predictions have no loss.

    `epochs` are those of the call of `fit`, of which a script may have several.
    """

    epoch: int
    epochs: int
    epoch_seconds: float
    loss: float | None
    val_accuracy: float | None
