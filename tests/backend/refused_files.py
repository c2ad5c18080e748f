"""Model files with a mistake, the changes of their cells, and a part of the sentence about it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

_BUILD = """
import keras
import numpy as np

RECIPE = {"batch_size": 8, "epochs": 1, "loss": "mse", "metrics": []}


def build():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])

"""
_DATA = """
def data():
    x = np.ones((16, 3), "float32")
    return (x, x[:, :1]), (x, x[:, :1])

"""
_IDS = """
def data():
    return np.ones((16, 3), "float32"), np.arange(16) % 2

"""


class Refused(NamedTuple):
    """A file, and the end of the error that training it raises."""

    source: str
    sentence: str
    changes: Mapping[str, Any] = MappingProxyType({})


def _with_data(code: str) -> str:
    return f"{_BUILD}{_DATA}\n{code}\n"


def _recipe(entry: str) -> str:
    return _with_data("").replace("RECIPE = {", f"RECIPE = {{{entry}, ")


def _compiled(loss: str, classes: int) -> str:
    model = f"keras.Sequential([keras.Input((3,)), keras.layers.Dense({classes})])"
    lines = ("def build():", f"    model = {model}", f"    model.compile('sgd', {loss})")
    return "\n".join((_BUILD, _IDS, *lines, "    return model", ""))


_WEIGHTED = "def data():\n    x = np.ones((16, 3))\n    return x, x[:, :1], np.ones(16)\n\n"

REFUSED: Final = {
    "no_data": Refused(_BUILD, "made by the function data of a model's file, and no_data.py has"),
    "wrong_parameter": Refused(
        _with_data("def callbacks(epoch):\n    return []"),
        "wrong_parameter.py: callbacks has the parameter 'epoch' without a default; did you mean "
        "'epochs'? allowed are epochs, each given by its name.",
    ),
    "positional_parameter": Refused(
        f"{_BUILD}\ndef data(seed, /):\n    return np.ones((8, 3))\n",
        "data has the parameter 'seed' without a default",
    ),
    "no_list": Refused(
        _with_data("def callbacks():\n    return keras.callbacks.TerminateOnNaN()"),
        "callbacks returned TerminateOnNaN, where a list of Keras's callbacks is expected.",
    ),
    "no_callback": Refused(
        _with_data("def callbacks():\n    return [print]"),
        "callbacks returned builtin_function_or_method, where a list of Keras's callbacks is",
    ),
    "no_dictionary": Refused(
        _with_data("def fit_arguments():\n    return [1]"),
        "fit_arguments returned list, where a dictionary of arguments of fit is expected.",
    ),
    "unknown_argument": Refused(
        _with_data("def fit_arguments():\n    return {'class_weights': {}}"),
        "fit_arguments returned 'class_weights'; did you mean 'class_weight'? allowed are class_w",
    ),
    "from_elsewhere": Refused(
        _with_data("def fit_arguments():\n    return {'epochs': 3}"),
        "from_elsewhere.py: fit_arguments returned 'epochs', which comes from RECIPE or --epochs.",
    ),
    "nothing": Refused(
        f"{_BUILD}\ndef data():\n    np.ones(3)\n",
        "nothing.py: data returned None, where the training data are expected.",
    ),
    "limited_batches": Refused(
        f"{_BUILD}\ndef data():\n    yield np.ones((4, 3)), np.ones((4, 1))\n",
        "--limit-train selects examples of arrays, and the data are of type generator.",
        {"limit_train": 4},
    ),
    "matched_batches": Refused(
        f"{_BUILD}\ndef data():\n    yield np.ones((4, 3)), np.ones((4, 1))\n",
        "In the lane matched every backend gets the same batches of arrays, and the data are of "
        "type generator.",
        {"lane": "matched"},
    ),
    "matched_order": Refused(
        _with_data("def fit_arguments():\n    return {'shuffle': True}"),
        "the same batches of arrays, and fit_arguments returned 'shuffle', which changes them.",
        {"lane": "matched"},
    ),
    "matched_train": Refused(
        _with_data("def train(model, x):\n    pass"),
        "every backend gets the same batches of arrays, and `train` makes its own.",
        {"lane": "matched"},
    ),
    "no_validation": Refused(
        f"{_BUILD}{_IDS}",
        "The task evaluate needs validation data, and there are none.",
        {"task": "evaluate"},
    ),
    "no_classes": Refused(
        f"{_BUILD}{_DATA}\ndef build(classes):\n    pass\n",
        "has the parameter 'classes', which is not known here because the targets are not class "
        "ids from 0; remove it, or give it a default.",
    ),
    "no_shape": Refused(
        f"{_BUILD}\ndef data():\n    yield np.ones((4, 3))\n\ndef build(input_shape):\n    pass\n",
        "has the parameter 'input_shape', which is not known here because the data are not arrays",
    ),
    "ids_for_rows": Refused(
        _compiled("'categorical_crossentropy'", 2),
        "The model was compiled with categorical_crossentropy, which compares one-hot rows, and "
        "the targets are class ids of shape (16,), which are passed on as they are; compile it "
        "with sparse_categorical_crossentropy, give one-hot targets, or write 'encoding': "
        "'one-hot' in RECIPE.",
    ),
    "wrong_shapes": Refused(
        _compiled("lambda y, p: keras.ops.matmul(y, keras.ops.ones((7, 1)))", 2),
        "The targets are int64 of shape (16,), passed on as given; 'encoding' in RECIPE makes "
        "'one-hot' rows of class ids, or leaves them 'as given'.",
    ),
    "rows_of_numbers": Refused(
        _recipe("'encoding': 'one-hot'"),
        "RECIPE asks for one-hot rows, and the targets are float32 of shape (16, 1), not class "
        "ids from 0.",
    ),
    "target_of_recipe": Refused(
        _recipe("'target': 'inputs'"),
        "RECIPE has the target 'inputs', and `data` gives the targets itself.",
    ),
    "other_weights": Refused(
        _recipe("'weights': 'other_weights.py'"),
        "other_weights.py do not fit the model: ",
    ),
    "two_sources": Refused(
        _with_data("def train(model):\n    pass\n\ndef fit_arguments():\n    return {}"),
        "fit_arguments is not used where train calls fit itself; pass them in train.",
    ),
    "lost_weights": Refused(
        f"{_BUILD}{_WEIGHTED}def train(model, x, y):\n    pass\n",
        "data makes sample_weight, and train has no parameter of that name.",
    ),
}
