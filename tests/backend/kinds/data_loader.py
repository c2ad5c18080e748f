"""A DataLoader of torch, which shuffles, and one for validation."""

import keras
import numpy as np

RECIPE = {"batch_size": 8, "epochs": 2}


def build():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def data(batch_size, seed):
    from torch import Generator, from_numpy
    from torch.utils.data import DataLoader, TensorDataset

    x = np.random.default_rng(seed).normal(size=(48, 3)).astype("float32")
    parts = [from_numpy(array) for array in (x, x.sum(axis=1, keepdims=True))]
    training, validation = (
        TensorDataset(*(p[s] for p in parts)) for s in (slice(32), slice(32, 48))
    )
    order = Generator().manual_seed(seed)
    return (
        DataLoader(training, batch_size, shuffle=True, generator=order),
        DataLoader(validation, batch_size),
    )


def plain():
    training, validation = data(8, 0)
    return build().fit(training, epochs=2, validation_data=validation, verbose=0)
