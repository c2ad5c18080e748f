"""Two outputs with metrics of their own; inputs, targets and metrics are dictionaries."""

import keras
import numpy as np
from keras import layers

RECIPE = {"batch_size": 8, "epochs": 2}


def build():
    left, right = keras.Input((3,), name="left"), keras.Input((2,), name="right")
    x = layers.Dense(8, activation="relu")(layers.Concatenate()([left, right]))
    kind = layers.Dense(8, activation="softmax", name="kind")(x)
    size = layers.Dense(1, name="size")(x)
    model = keras.Model({"left": left, "right": right}, {"kind": kind, "size": size})
    model.compile(
        "adam",
        loss={"kind": "categorical_crossentropy", "size": "mse"},
        metrics={
            "kind": [
                keras.metrics.AUC(num_thresholds=20),
                keras.metrics.TopKCategoricalAccuracy(5),
                keras.metrics.F1Score(),
            ],
            "size": ["mae", keras.metrics.RootMeanSquaredError()],
        },
        loss_weights={"kind": 1.0, "size": 0.5},
    )
    return model


def data():
    random = np.random.default_rng(0)
    x = {name: random.normal(size=(48, n)).astype("float32") for name, n in LENGTHS.items()}
    y = {"kind": np.eye(8, dtype="float32")[np.arange(48) % 8], "size": x["right"].sum(1)[:, None]}
    first, last = slice(32), slice(32, 48)
    return (_part(x, first), _part(y, first)), (_part(x, last), _part(y, last))


LENGTHS = {"left": 3, "right": 2}


def _part(arrays, rows):
    return {name: array[rows] for name, array in arrays.items()}


def plain():
    (x, y), validation = data()
    return build().fit(x, y, batch_size=8, epochs=2, validation_data=validation, verbose=0)
