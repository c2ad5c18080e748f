"""The gradient of UnitNormalization at a row of zeros."""

import json

import keras
import numpy as np

layer = keras.layers.Dense(3, kernel_initializer="zeros")
model = keras.Sequential([keras.Input((1,)), layer, keras.layers.UnitNormalization()])
# The loss is the sum of the outputs. The row that is normalized is the bias, so zero.
model.compile(keras.optimizers.SGD(1.0), loss=lambda _, output: keras.ops.sum(output))
model.fit(np.ones((1, 1)), np.zeros((1, 3)), verbose=0)

gradient = -keras.ops.convert_to_numpy(layer.bias)[0]
print(json.dumps({"gradient": None if np.isnan(gradient) else float(gradient)}))
