"""Targets of shape (n, 1) under a loss that subtracts: rows of shape (n,) would broadcast."""

import keras
import numpy as np
from keras import ops

RECIPE = {"batch_size": 8, "epochs": 2}


class Squared(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.square(y_true - y_pred)


def build():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", Squared(), metrics=["mae"])
    return model


def data():
    x = np.random.default_rng(0).normal(size=(48, 3)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    return (x[:32], y[:32]), (x[32:], y[32:])


def plain():
    training, validation = data()
    return build().fit(*training, batch_size=8, epochs=2, validation_data=validation, verbose=0)
