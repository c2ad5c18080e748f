"""The form in which targets reach a model's loss: as they are, one-hot rows, or a column."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import keras
import numpy as np

from bench.core.job import Job
from bench.worker.builders import WorkloadError, compiled_by_recipe, symbolic
from data.manifest import Manifest
from data.named_arrays import Array, shapes
from data.registry import is_user_arrays

TargetForm = Literal["as given", "one-hot", "column"]

#: Errors that another form of the targets may cure.
_ABOUT_SHAPES: Final = re.compile(r"shape|dimension|rank|broadcast", re.IGNORECASE)
#: The losses of Keras that compare one-hot rows, and fail on class ids.
_ONE_HOT_LOSSES: Final = ("categorical_crossentropy", "categorical_focal_crossentropy")


@dataclass(frozen=True)
class Origin:
    """Where targets come from: their number of `classes`, 0 if they are not class ids from 0.

    `is_users` is True for a user's own arrays, and False for a dataset of this suite.
    """

    classes: int
    is_users: bool


def origin_of(manifest: Manifest) -> Origin:
    """Return the origin of the targets of a prepared dataset."""
    return Origin(manifest.classes, is_user_arrays(manifest.name))


def target_form(
    model: keras.Model, job: Job, origin: Origin, inputs: Any, labels: Any
) -> TargetForm:
    """Return the form of `labels` for the loss of `model`, which is built if it has to be.

    A user's own targets are passed on as they are, unless the recipe that compiled the model asks
    for one-hot rows, by its loss or its `encoding`. The class ids of a dataset of this suite get
    the form that a loss of Keras needs: a sparse one gets ids, any other a column if the model has
    one output, and else one-hot rows. A user's own loss gets the ids. Raises WorkloadError for
    class ids under a loss that fails on them.
    """
    if job.encoding != "auto":
        return job.encoding
    if not origin.classes or not isinstance(labels, np.ndarray):
        return "as given"
    name = _keras_loss(model.loss)
    if origin.is_users:
        if name not in _ONE_HOT_LOSSES or _width(model, inputs) == 1:
            return "as given"
        if compiled_by_recipe(model):
            return "one-hot"
        raise WorkloadError(
            f"The model was compiled with {name}, which compares one-hot rows, and the targets are "
            f"class ids of shape {labels.shape}, which are passed on as they are; compile it with "
            f"sparse_{name}, give one-hot targets, or write 'encoding': 'one-hot' in RECIPE."
        )
    if name is None or "sparse" in name:
        return "as given"
    return "column" if _width(model, inputs) == 1 else "one-hot"


def encode_labels(model: keras.Model, job: Job, origin: Origin, inputs: Any, labels: Any) -> Any:
    """Return `labels` in their `target_form`: float32 rows (n, classes), a column (n, 1), or them.

    Raises WorkloadError where they cannot be encoded.
    """
    form = target_form(model, job, origin, inputs, labels)
    if form == "as given" or not isinstance(labels, np.ndarray):
        return labels
    if form == "column":
        return labels.astype(np.float32).reshape(-1, 1)
    if not origin.classes:
        raise WorkloadError(
            f"RECIPE asks for one-hot rows, and the targets are {labels.dtype} of shape "
            f"{labels.shape}, not class ids from 0."
        )
    return one_hot(labels.reshape(-1), origin.classes)


@contextmanager
def noting_targets(form: TargetForm, targets: Any) -> Iterator[None]:
    """Add the form of the targets to an error of the block that is about shapes."""
    try:
        yield
    except Exception as error:  # any error of a framework or of user code
        if isinstance(targets, np.ndarray) and _ABOUT_SHAPES.search(str(error)):
            how = "passed on as given" if form == "as given" else f"encoded as {form}"
            error.add_note(
                f"The targets are {targets.dtype} of shape {targets.shape}, {how}; 'encoding' in "
                "RECIPE makes 'one-hot' rows of class ids, or leaves them 'as given'."
            )
        raise


def one_hot(labels: Array, classes: int) -> Any:
    """Return float32 rows of shape (n, classes)."""
    return np.eye(classes, dtype=np.float32)[labels.astype(np.int64)]


def _keras_loss(loss: Any) -> str | None:
    """Return the name of a loss of Keras; None for a user's own loss and for several losses."""
    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:
            return None
    owner = loss if callable(loss) and hasattr(loss, "__name__") else type(loss)
    if loss is None or not str(owner.__module__).startswith("keras."):
        return None
    return _snake(owner.__name__)


def _snake(name: str) -> str:
    """Return `CategoricalCrossentropy` as `categorical_crossentropy`."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _width(model: keras.Model, inputs: Any) -> int | None:
    """Return the length of the last axis of a model's only output; None if unknown."""
    try:
        shape = model.output_shape
    except (AttributeError, ValueError):  # not built yet, or a subclass that overrides `call`
        try:
            shape = getattr(model(symbolic(shapes(inputs))), "shape", None)
        except Exception:  # whatever the layers of a user's model raise; `fit` will report it
            return None
    return shape[-1] if isinstance(shape, tuple) and shape else None
