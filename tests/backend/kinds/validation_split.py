"""A quarter of the training examples is for validation."""

import keras
import numpy as np

RECIPE = {"loss": "mse", "metrics": ["mae"], "batch_size": 8, "epochs": 2}


def build():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])


def data():
    x = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
    return x, x.sum(axis=1)


def fit_arguments():
    return {"validation_split": 0.25, "validation_batch_size": 4}


def plain():
    model = build()
    model.compile("adam", "mse", metrics=["mae"])
    return model.fit(*data(), batch_size=8, epochs=2, verbose=0, **fit_arguments())
