"""Adam's first step for an embedding row that a batch reads twice (its gradients are 1 and 2)."""

import json

import keras
import numpy as np

embedding = keras.layers.Embedding(2, 1, embeddings_initializer="zeros")
head = keras.layers.Dense(1, use_bias=False, trainable=False)
model = keras.Sequential(
    [keras.Input((3,), dtype="int32"), embedding, keras.layers.Flatten(), head]
)
head.set_weights([np.array([[1.0], [2.0], [4.0]])])
# The loss is the output itself: the gradient of row 0 is 1 + 2, that of row 1 is 4.
model.compile(keras.optimizers.Adam(0.1), loss=lambda _, output: keras.ops.mean(output))
model.fit(np.array([[0, 0, 1]]), np.zeros((1, 1)), verbose=0)

[moment] = [v.numpy() for v in model.optimizer.variables if "velocity" in v.path]
[weights] = embedding.get_weights()
print(
    json.dumps(
        {
            "moment_of_repeated_row": float(moment[0, 0]),
            "moment_of_single_row": float(moment[1, 0]),
            "step_of_repeated_row": float(-weights[0, 0] / 0.1),
            "step_of_single_row": float(-weights[1, 0] / 0.1),
        }
    )
)
