"""The float32 gradient of a convolution's bias that 16,384 pixels share."""

import json

import keras
import numpy as np

gradients = (0.5 + np.random.default_rng(0).normal(size=(16, 32, 32, 8))).astype("float32")
layer = keras.layers.Conv2D(8, 1, kernel_initializer="zeros")
model = keras.Sequential([keras.Input((32, 32, 1)), layer])
# The gradient at each output is the target there, so the bias' gradient is the sum of targets.
model.compile(keras.optimizers.SGD(1.0), loss=lambda target, output: keras.ops.sum(target * output))
model.fit(np.zeros((16, 32, 32, 1), "float32"), gradients, batch_size=16, verbose=0)

exact = gradients.astype("float64").sum(axis=(0, 1, 2))
bias = -keras.ops.convert_to_numpy(layer.bias)
print(json.dumps({"error": float(np.linalg.norm(bias - exact) / np.linalg.norm(exact))}))
