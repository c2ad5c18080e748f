"""Fine-tuning in two phases: the head alone, then everything at a lower rate."""

import keras
import numpy as np

RECIPE = {"batch_size": 8, "epochs": 2}


def build():
    base = keras.layers.Dense(4, activation="relu", name="base")
    return keras.Sequential([keras.Input((3,)), base, keras.layers.Dense(1)])


def data():
    x = np.random.default_rng(0).normal(size=(48, 3)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    return (x[:32], y[:32]), (x[32:], y[32:])


def callbacks(epochs):
    return [keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / (epoch + 1) / epochs)]


def train(model, x, y, validation_data, batch_size, epochs, callbacks):
    options = {"batch_size": batch_size, "validation_data": validation_data, "verbose": 0}
    base = model.get_layer("base")
    base.trainable = False
    model.compile(keras.optimizers.Adam(0.01), "mse")
    first = model.fit(x, y, epochs=epochs, **options)
    base.trainable = True
    model.compile(keras.optimizers.Adam(0.001), "mse")
    second = model.fit(x, y, epochs=epochs + 1, callbacks=callbacks, **options)
    model.evaluate(*validation_data, verbose=0)
    return [first, second]


def plain():
    (x, y), validation = data()
    return train(build(), x, y, validation, 8, 2, callbacks(2))
