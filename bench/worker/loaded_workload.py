"""A job's workload in the worker: its builder, the functions of its file, and its data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import msgspec

from bench.core.cell import OWN_DATA, is_script
from bench.core.job import Job
from bench.core.result import Scalar
from bench.worker.builders import WorkloadError, build_model, load_builder
from bench.worker.file_functions import FileFunctions, file_functions
from bench.worker.input_pipeline import input_shapes, make_examples
from bench.worker.own_data import own_data, read_split
from bench.worker.process_info import Phases
from bench.worker.script import capture_first_fit
from bench.worker.split import Split, first_batch_size
from bench.worker.targets import Origin, TargetForm, encode_labels, origin_of, target_form
from data.dataset import open_dataset
from data.user_arrays import classes_of


class LoadedWorkload:
    """What a job trains.

    `training` and `validation` hold the raw data, before their targets are encoded; `validation`
    is None where there is none. `functions` are those of the user's file. `cell` is that of the
    job; the batch size of a script is the one of its first `fit`.
    """

    def __init__(self, job: Job, phases: Phases | None = None) -> None:
        """Open or make the data, and load the builder's file, each in its phase of the launch.

        A script is run up to its first `fit`, whose model and data are taken.
        """
        self._job = job
        self.cell = job.cell
        self.functions = FileFunctions()
        self._ready: keras.Model | None = None
        self._class_weight: dict[int, float] | None = None
        self._builder: Callable[..., Any] | None = None
        ended = phases.end if phases else (lambda _: None)
        if is_script(job.cell.workload):
            self._capture()
        elif job.cell.dataset == OWN_DATA:
            self.functions = self._load_file()
            ended("build")
            self._make_data()
        else:
            self._open_data()
            ended("data_open")
            self.functions = self._load_file()
            ended("build")
        ended("data_open")

    def build(self, *, compiled: bool = True) -> keras.Model:
        """Return a new model, compiled if asked for, adapted to the data, with its first weights.

        The file of the builder, or the script, is executed again for every model but the first.
        """
        if is_script(self.cell.workload):
            return self._script_model()
        builder, self._builder = self._builder or load_builder(self._job), None
        model = build_model(
            self._job, self.input_shape, self.origin.classes, builder, compiled=compiled
        )
        if "adapt" in self.functions:
            self.functions.call("adapt", model=model, x=self.training.x)
        if self._job.weights:
            _load_weights(model, Path(self._job.weights))
        return model

    def examples(self, model: keras.Model, split: Split) -> Split:
        """Return a split of raw data, or a part of it, as `model` is trained on it.

        A `train` of the file gets them as they are, because it compiles the model itself.
        """
        as_given = is_script(self.cell.workload) or "train" in self.functions
        if as_given or not split.is_arrays:
            return split
        if self._job.cell.dataset != OWN_DATA:
            return make_examples(model, self._job, self.origin, split.x, split.y)
        if self._job.target != "labels":
            raise WorkloadError(
                f"RECIPE has the target {self._job.target!r}, and `data` gives the targets itself."
            )
        if split.y is None:
            return split
        targets = encode_labels(model, self._job, self.origin, split.x, split.y)
        return Split(x=split.x, y=targets, sample_weight=split.sample_weight)

    @property
    def step_arguments(self) -> dict[str, Any]:
        """The arguments of `fit` that change a training step itself: the weights of classes."""
        others = self.functions.fit_arguments(self.cell.known_batch_size)
        weights = self._class_weight or others.get("class_weight")
        return {"class_weight": weights} if weights else {}

    def settings(self, form: TargetForm) -> dict[str, Scalar]:
        """Return what a record keeps of the user's file: its functions, and the targets' form."""
        return {
            "target_form": form,
            "file_functions": ", ".join(self.functions.found) or None,
        }

    def target_form(self, model: keras.Model) -> TargetForm:
        """Return the form in which class ids reach the loss of `model`."""
        raw = is_script(self.cell.workload) or "train" in self.functions
        if raw or self._job.target != "labels":
            return "as given"
        labels, inputs = self.training.y, self.training.x
        return target_form(model, self._job, self.origin, inputs, labels)

    def _load_file(self) -> FileFunctions:
        self._builder = load_builder(self._job)
        return file_functions(self._job, self._builder)

    def _open_data(self) -> None:
        dataset = open_dataset(Path(self._job.dataset_folder))
        self.training = Split(x=dataset.x_train, y=dataset.y_train)
        self.validation: Split | None = Split(x=dataset.x_test, y=dataset.y_test)
        self.origin = origin_of(dataset.manifest)
        self.input_shape = input_shapes(self._job.target, dataset.x_train)

    def _capture(self) -> None:
        model, arguments = capture_first_fit(self._job)
        self._ready, self._class_weight = model, arguments.get("class_weight")
        self.training = Split(**{name: arguments.get(name) for name in ("x", "y", "sample_weight")})
        given = arguments.get("validation_data")
        given = tuple(given) if isinstance(given, list) else given  # Keras reads both alike
        self.validation = None if given is None else read_split(given, "validation_data")
        self.origin, self.input_shape = Origin(0, is_users=True), None
        if self.cell.batch_size is None:
            size = arguments.get("batch_size") or first_batch_size(self.training)
            self.cell = msgspec.structs.replace(self.cell, batch_size=size)

    def _script_model(self) -> keras.Model:
        model, self._ready = self._ready, None
        return model or capture_first_fit(self._job)[0]

    def _make_data(self) -> None:
        self.training, self.validation = own_data(self.functions, self._job.cell)
        splits = [self.training] if self.validation is None else [self.training, self.validation]
        self.origin = Origin(classes_of([split.y for split in splits]), is_users=True)
        self.input_shape = None
        if self.training.is_arrays:
            shapes = keras.tree.map_structure(lambda array: array.shape[1:], self.training.x)
            self.input_shape = shapes


def _load_weights(model: keras.Model, path: Path) -> None:
    """Load the recipe's first weights; raises WorkloadError."""
    try:
        model.load_weights(path)
    except Exception as error:  # Keras and h5py raise many classes for a wrong file
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise WorkloadError(f"The weights {path} do not fit the model: {reason}.") from error
