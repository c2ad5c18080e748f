"""EarlyStopping ends the training after two of five epochs."""

import keras
import numpy as np

RECIPE = {"loss": "mse", "metrics": [], "batch_size": 8, "epochs": 5}


def build():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])


def data():
    x = np.random.default_rng(0).normal(size=(48, 3)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    return (x[:32], y[:32]), (x[32:], y[32:])


def callbacks():
    # The loss falls, so that the best epoch of a loss to be maximised is the first one.
    return [keras.callbacks.EarlyStopping("loss", mode="max", restore_best_weights=True)]


def plain():
    (x, y), validation = data()
    model = build()
    model.compile("adam", "mse")
    options = {"batch_size": 8, "epochs": 5, "validation_data": validation, "verbose": 0}
    return model.fit(x, y, callbacks=callbacks(), **options)
