"""A tf.data.Dataset of training and one of validation."""

import keras
import numpy as np

RECIPE = {"batch_size": 8, "epochs": 2}


def build():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def data(batch_size, seed):
    import tensorflow as tf

    x = np.random.default_rng(seed).normal(size=(48, 3)).astype("float32")
    whole = tf.data.Dataset.from_tensor_slices((x, x.sum(axis=1, keepdims=True)))
    training = whole.take(32).map(lambda x, y: (x * 2, y)).shuffle(32, seed=seed)
    return training.batch(batch_size), whole.skip(32).batch(batch_size)


def plain():
    training, validation = data(8, 0)
    return build().fit(training, epochs=2, validation_data=validation, verbose=0)
