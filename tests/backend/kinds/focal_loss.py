"""A focal loss of the user's own, which takes class ids."""

import keras
import numpy as np
from keras import ops

RECIPE = {"batch_size": 8, "epochs": 2}


class Focal(keras.losses.Loss):
    def call(self, y_true, y_pred):
        wanted = ops.one_hot(ops.cast(y_true, "int32"), 4)
        sure = ops.sum(wanted * y_pred, axis=-1)
        return -ops.square(1 - sure) * ops.log(sure + 1e-7)


def build(input_shape, classes):
    head = keras.layers.Dense(classes, activation="softmax")
    model = keras.Sequential([keras.Input(input_shape), keras.layers.Dropout(0.2), head])
    model.compile("adam", Focal(), metrics=["sparse_categorical_accuracy"])
    return model


def data():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(48, 5)).astype("float32"), np.arange(48) % 4
    return (x[:32], y[:32]), (x[32:], y[32:])


def plain():
    (x, y), validation = data()
    model = build((5,), 4)
    return model.fit(x, y, batch_size=8, epochs=2, validation_data=validation, verbose=0)
