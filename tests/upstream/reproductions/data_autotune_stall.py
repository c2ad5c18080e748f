"""How long the first step of each epoch waits, with tf.data's autotuning and without it."""

import json
import time

import keras
import numpy as np
import tensorflow as tf

EPOCHS = 20


class StepTimes(keras.callbacks.Callback):
    """Keeps the seconds of each epoch's first step and of all other steps."""

    def __init__(self):
        super().__init__()
        self.first, self.others = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        (self.others if batch else self.first).append(now - self.began)
        self.began = now


def waits(autotune):
    """Return the first steps of all epochs but the first, as multiples of a usual step."""
    images = np.zeros((2048, 32, 32, 3), "float32")
    data = tf.data.Dataset.from_tensor_slices((images, np.zeros(2048)))
    options = tf.data.Options()
    options.autotune.enabled = autotune
    data = data.shuffle(2048).batch(64).prefetch(tf.data.AUTOTUNE).with_options(options)
    layers = [keras.layers.Conv2D(16, 3, activation="relu"), keras.layers.Flatten()]
    model = keras.Sequential([keras.Input((32, 32, 3)), *layers, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    times = StepTimes()
    model.fit(data, epochs=EPOCHS, verbose=0, callbacks=[times])
    return np.array(times.first[1:]) / np.median(times.others)


pairs = [(waits(True), waits(False)) for _ in range(3)]
tuned, untuned = (np.concatenate(side) for side in zip(*pairs, strict=True))
print(
    json.dumps(
        {
            "mean_wait_tuned": float(tuned.mean()),
            "mean_wait_untuned": float(untuned.mean()),
            "stalls_tuned": int((tuned > 10).sum()),
            "stalls_untuned": int((untuned > 10).sum()),
            "epochs": len(tuned),
        }
    )
)
