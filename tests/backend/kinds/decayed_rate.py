"""A learning rate that falls with the steps, by a schedule of the optimizer."""

import keras
import numpy as np

RECIPE = {"batch_size": 8, "epochs": 2}


def build():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=2, decay_rate=0.5)
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


def data():
    x = np.random.default_rng(0).normal(size=(48, 3)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    return (x[:32], y[:32]), (x[32:], y[32:])


def plain():
    (x, y), validation = data()
    return build().fit(x, y, batch_size=8, epochs=2, validation_data=validation, verbose=0)
