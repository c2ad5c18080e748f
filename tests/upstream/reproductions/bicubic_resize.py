"""Bicubic resizing to a larger image, where antialiasing has nothing to do."""

import json

import keras
import numpy as np

# A single bright row: the doubled image shows the weights at distances 0.25 and 1.25.
image = np.zeros((1, 8, 8, 1), "float32")
image[0, 4] = 1.0
layer = keras.layers.UpSampling2D((2, 1), interpolation="bicubic")
weights = keras.ops.convert_to_numpy(layer(image))[0, :, 4, 0]

noise = np.random.default_rng(0).normal(size=(4, 12, 12, 3)).astype("float32")
plain, antialiased = (
    keras.ops.convert_to_numpy(
        keras.layers.Resizing(20, 17, interpolation="bicubic", antialias=antialias)(noise)
    )
    for antialias in (False, True)
)
difference = np.sqrt(np.mean((plain - antialiased) ** 2) / np.mean(antialiased**2))
print(
    json.dumps(
        {
            "weight_at_0.25": float(weights[8]),
            "weight_at_1.25": float(weights[6]),
            "difference_from_antialiased": float(difference),
        }
    )
)
