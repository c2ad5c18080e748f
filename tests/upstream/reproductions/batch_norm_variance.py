"""The float32 variance that BatchNormalization takes where the mean is far above the spread."""

import json

import keras
import numpy as np


def relative_error(mean):
    noise = np.random.default_rng(0).normal(size=(16, 32, 32, 8))
    x = (mean + noise).astype("float32")
    # With a momentum of 0 the moving statistics are those of the batch.
    layer = keras.layers.BatchNormalization(momentum=0.0)
    layer(x, training=True)
    exact = x.astype("float64").var(axis=(0, 1, 2))
    variance = keras.ops.convert_to_numpy(layer.moving_variance)
    return float(np.linalg.norm(variance - exact) / np.linalg.norm(exact))


print(
    json.dumps(
        {"error_at_mean_10": relative_error(10.0), "error_at_mean_100": relative_error(100.0)}
    )
)
