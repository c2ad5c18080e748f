"""Seconds of the forward pass and of a training step of four depthwise convolutions."""

import json
import time

import keras
import numpy as np

layers = [keras.layers.DepthwiseConv2D(3, padding="same") for _ in range(4)]
model = keras.Sequential([keras.Input((4, 4, 512)), *layers, keras.layers.GlobalAveragePooling2D()])
model.compile("sgd", "mse")
rng = np.random.default_rng(0)
x = rng.normal(size=(8, *(4, 4, 512))).astype("float32")
y = rng.normal(size=(8, 512)).astype("float32")


def seconds(function):
    """Return the seconds of the fastest of 15 calls, after 3 for the compiler and caches."""
    times = []
    for _ in range(18):
        start = time.perf_counter()
        function()  # returns NumPy values, so the work is done
        times.append(time.perf_counter() - start)
    return min(times[3:])


forward = seconds(lambda: model.predict_on_batch(x))
step = seconds(lambda: model.train_on_batch(x, y))
print(json.dumps({"forward_seconds": forward, "step_seconds": step}))
