"""AveragePooling with padding="same" where one side gets more padding than the other."""

import json

import keras
import numpy as np

x = np.random.default_rng(0).normal(size=(16, 12, 12, 3)).astype("float32")


def relative_errors(size, stride, before):
    """Return the rms error of all windows, and of those that need no padding."""
    layer = keras.layers.AveragePooling2D(size, strides=stride, padding="same")
    pooled = keras.ops.convert_to_numpy(layer(x))
    exact, inside = np.empty(pooled.shape), np.zeros(pooled.shape, bool)
    spans = [slice(max(i * stride - before, 0), i * stride - before + size) for i in range(12)]
    for i, j in np.ndindex(pooled.shape[1:3]):
        window = x[:, spans[i], spans[j]].astype("float64")
        exact[:, i, j] = window.mean(axis=(1, 2))
        inside[:, i, j] = window.shape[1:3] == (size, size)
    squares = (pooled - exact) ** 2 / np.mean(exact**2)
    return float(np.sqrt(squares.mean())), float(np.sqrt(squares[inside].mean()))


# One window over 10, 20 and one missing value: the average is 15.
two = np.array([10.0, 20.0], "float32").reshape(1, 2, 1)
average = keras.layers.AveragePooling1D(3, strides=2, padding="same")(two)[0, 0, 0]
by_two, by_two_inside = relative_errors(size=3, stride=2, before=0)
by_one, by_one_inside = relative_errors(size=4, stride=1, before=1)
print(
    json.dumps(
        {
            "average_of_10_and_20": float(average),
            "error_3x3_stride_2": by_two,
            "error_4x4_stride_1": by_one,
            "error_inside": max(by_two_inside, by_one_inside),
        }
    )
)
