"""A short training script that prints the seconds of its own calls of `fit`.

Run by plain Python, it is the reference for `--script`, which runs the same file. Further arguments
are ignored.
"""

from time import perf_counter

import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.normal(size=(2048, 64)).astype("float32")
y = rng.integers(0, 10, 2048)

timed_model = keras.Sequential(
    [
        keras.Input((64,)),
        layers.Dense(512, activation="relu"),
        layers.Dense(512, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
timed_model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
begin = perf_counter()
timed_model.fit(x, y, batch_size=64, epochs=1, validation_split=0.25, verbose=0)  # compiles
compiled = perf_counter()
timed_model.fit(x, y, batch_size=64, epochs=12, validation_split=0.25, verbose=0)
end = perf_counter()
print("fit seconds:", compiled - begin, end - compiled, flush=True)
