"""A PyDataset with several workers, and one for validation."""

import keras
import numpy as np

RECIPE = {"batch_size": 4, "epochs": 2}


class Lines(keras.utils.PyDataset):
    def __init__(self, batches, batch_size, **options):
        super().__init__(**options)
        self.batches, self.batch_size = batches, batch_size

    def __len__(self):
        return self.batches

    def __getitem__(self, index):
        # All batches are equal: which of them the threads of Keras draw next varies by the run.
        x = np.random.default_rng(0).normal(size=(self.batch_size, 3)).astype("float32")
        return x, x.sum(axis=1, keepdims=True)


def build():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def data(batch_size):
    return Lines(6, batch_size, workers=3, max_queue_size=4), Lines(2, batch_size)


def plain():
    training, validation = data(4)
    return build().fit(training, epochs=2, validation_data=validation, verbose=0)
