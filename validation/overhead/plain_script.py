"""The lab's baseline as a plain Keras script, the reference for a launch of the harness.

`python plain_script.py FOLDER BATCH_SIZE EPOCHS`; FOLDER holds x_train.npy, y_train.npy and so on.
"""

import sys
from pathlib import Path

import keras
import numpy as np
from keras import layers

folder, batch_size, epochs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
array_names = ("x_train", "y_train", "x_test", "y_test")
x_train, y_train, x_test, y_test = (np.load(folder / f"{name}.npy") for name in array_names)

model = keras.Sequential(
    [
        keras.Input(x_train.shape[1:]),
        layers.Rescaling(1 / 255),
        layers.Conv2D(16, 3, activation="relu"),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu"),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    x_train,
    np.eye(10, dtype="float32")[y_train],
    batch_size=batch_size,
    epochs=epochs,
    validation_data=(x_test, np.eye(10, dtype="float32")[y_test]),
    verbose=0,
)
print("val_accuracy", history.history["val_accuracy"][-1])
