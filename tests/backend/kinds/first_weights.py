"""Training starts from weights in a file beside this one."""

import keras
import numpy as np

RECIPE = {"batch_size": 8, "epochs": 2, "weights": "first.weights.h5"}


def build():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    return model


def data():
    x = np.random.default_rng(0).normal(size=(48, 3)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    return (x[:32], y[:32]), (x[32:], y[32:])


def write(folder):
    """Write the file: weights that fit exactly, plus one."""
    model = build()
    model.set_weights([np.full((3, 1), 2.0), np.zeros(1)])
    model.save_weights(folder / RECIPE["weights"])


def plain(folder):
    (x, y), validation = data()
    model = build()
    model.load_weights(folder / "first.weights.h5")
    return model.fit(x, y, batch_size=8, epochs=2, validation_data=validation, verbose=0)
