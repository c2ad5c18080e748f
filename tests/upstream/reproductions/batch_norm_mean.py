"""The float32 mean that BatchNormalization takes of a channel of 16,384 pixels."""

import json

import keras
import numpy as np

x = (0.5 + np.random.default_rng(0).normal(size=(16, 32, 32, 8))).astype("float32")
# With a momentum of 0 the moving statistics are those of the batch.
layer = keras.layers.BatchNormalization(momentum=0.0)
layer(x, training=True)

exact = x.astype("float64").mean(axis=(0, 1, 2))
mean = keras.ops.convert_to_numpy(layer.moving_mean)
print(json.dumps({"error": float(np.linalg.norm(mean - exact) / np.linalg.norm(exact))}))
