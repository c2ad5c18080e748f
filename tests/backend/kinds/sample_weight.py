"""Triples (x, y, sample_weight) of training and of validation."""

import keras
import numpy as np

RECIPE = {"batch_size": 8, "epochs": 2}


def build():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"], weighted_metrics=["mse"])
    return model


def data():
    random = np.random.default_rng(0)
    x = random.normal(size=(48, 3)).astype("float32")
    y, weights = x.sum(axis=1), random.uniform(0, 2, 48).astype("float32")
    return (x[:32], y[:32], weights[:32]), (x[32:], y[32:], weights[32:])


def plain():
    (x, y, weights), validation = data()
    options = {"batch_size": 8, "epochs": 2, "validation_data": validation, "verbose": 0}
    return build().fit(x, y, sample_weight=weights, **options)
