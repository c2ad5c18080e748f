"""Seconds of the forward pass and of a training step of a model that is mostly MaxPooling2D."""

import json
import time

import keras
import numpy as np

# Of one channel a Dense layer is cheap; its kernel is there to ask for a gradient.
layers = [keras.layers.Dense(32), keras.layers.MaxPooling2D(2)]
model = keras.Sequential(
    [keras.Input((128, 128, 1)), *layers, keras.layers.GlobalAveragePooling2D()]
)
model.compile("sgd", "mse")
rng = np.random.default_rng(0)
x = rng.normal(size=(8, *(128, 128, 1))).astype("float32")
y = rng.normal(size=(8, 32)).astype("float32")


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
