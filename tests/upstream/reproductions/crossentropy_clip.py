"""The loss and the gradient of a prediction that is sure and wrong: the logits are 0 and 20."""

import json

import keras
import numpy as np

layer = keras.layers.Dense(2, activation="softmax")
model = keras.Sequential([keras.Input((1,)), layer])
layer.set_weights([np.zeros((1, 2)), np.array([0.0, 20.0])])
model.compile(keras.optimizers.SGD(1.0), loss="sparse_categorical_crossentropy")
history = model.fit(np.zeros((1, 1)), np.array([0]), verbose=0)

gradient = -keras.ops.convert_to_numpy(layer.bias)[0]
print(json.dumps({"loss": history.history["loss"][0], "gradient": float(gradient)}))
