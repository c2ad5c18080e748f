"""The functions that a model's file may have beside its builder, by their documented names."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class FileFunction(NamedTuple):
    """A function: the parameters that it may have, its returned value and its purpose, in words."""

    parameters: tuple[str, ...]
    returns: str
    purpose: str


#: A function is called with those of its parameters that it has.
FILE_FUNCTIONS: Final[Mapping[str, FileFunction]] = {
    "data": FileFunction(
        ("batch_size", "seed"),
        "`x`; `(x, y)`; `(x, y, sample_weight)`; or a pair of such splits, of which the second is "
        "for validation and may be `None`",
        "makes the data in the worker, in place of a dataset",
    ),
    "adapt": FileFunction(
        ("model", "x"),
        "nothing",
        "adapts preprocessing layers to the training data, before the training",
    ),
    "callbacks": FileFunction(
        ("epochs",),
        "a list of Keras's callbacks",
        "gives `fit` callbacks, which follow those that time it",
    ),
    "fit_arguments": FileFunction(
        ("batch_size",),
        "a dictionary of the arguments below",
        "gives `fit` other arguments",
    ),
    "train": FileFunction(
        (
            *("model", "x", "y", "sample_weight", "validation_data"),
            *("batch_size", "epochs", "callbacks"),
        ),
        "anything; it is not used",
        "compiles and trains the model itself: each call of `fit`, `evaluate` and `predict` is "
        "measured as a phase",
    ),
}
#: What `fit_arguments` may return, with its effect; the others come from elsewhere.
FIT_ARGUMENTS: Final[Mapping[str, str]] = {
    "class_weight": "a dictionary of class ids and their weights in the loss",
    "sample_weight": "a weight of each example, if `data` does not give them",
    "shuffle": "`False` keeps the order of the examples",
    "steps_per_epoch": "the number of steps of an epoch; a generator without an end needs it",
    "validation_batch_size": "the batch size of the validation",
    "validation_freq": "validate after every so many epochs",
    "validation_split": "the share of the training examples that is for validation",
    "validation_steps": "the number of batches of a validation",
}
#: The arguments of `fit` that `fit_arguments` may not return, and where they come from.
FROM_ELSEWHERE: Final[Mapping[str, str]] = {
    "x": "data",
    "y": "data",
    "validation_data": "data",
    "callbacks": "callbacks",
    "batch_size": "RECIPE or --batch-size",
    "epochs": "RECIPE or --epochs",
    "verbose": "the suite, which prints the progress itself",
}
