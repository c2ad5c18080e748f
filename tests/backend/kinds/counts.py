"""Whole numbers that are counts, under the user's likelihood of Poisson."""

import keras
import numpy as np
from keras import ops

RECIPE = {"batch_size": 8, "epochs": 2}


def negative_log_likelihood(y_true, rate):
    return ops.mean(rate - y_true * ops.log(rate + 1e-7), axis=-1)


def build(input_shape):
    model = keras.Sequential(
        [keras.Input(input_shape), keras.layers.Dense(1, activation="softplus")]
    )
    model.compile("adam", negative_log_likelihood)
    return model


def data(seed):
    random = np.random.default_rng(seed)
    x = random.normal(size=(48, 3)).astype("float32")
    y = random.poisson(np.exp(x[:, 0]))
    return (x[:32], y[:32]), (x[32:], y[32:])


def plain():
    (x, y), validation = data(seed=0)
    model = build(input_shape=(3,))
    return model.fit(x, y, batch_size=8, epochs=2, validation_data=validation, verbose=0)
