"""The two convolutional networks of the lab experiment, layer for layer."""

import keras
from keras import layers

#: The lab specifies no dropout rates; these reproduced its accuracies on CIFAR-10.
BLOCK_DROPOUT = 0.25
HEAD_DROPOUT = 0.5


def build_baseline(input_shape: tuple[int, ...] = (32, 32, 3), classes: int = 10) -> keras.Model:
    """Return the lab's baseline: 24,666 parameters for 32x32x3 images and 10 classes."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(classes, activation="softmax"),
        ],
        name="lab_baseline",
    )


def build_deep(input_shape: tuple[int, ...] = (32, 32, 3), classes: int = 10) -> keras.Model:
    """Return the lab's deep model: 552,874 parameters (551,722 trainable) for 32x32x3 and 10."""
    model = keras.Sequential([keras.Input(input_shape), layers.Rescaling(1 / 255)], name="lab_deep")
    for filters in (32, 64, 128):
        for _ in range(2):
            model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
            model.add(layers.BatchNormalization())
        model.add(layers.MaxPooling2D())
        model.add(layers.Dropout(BLOCK_DROPOUT))
    model.add(layers.Flatten())
    model.add(layers.Dense(128, activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.Dropout(HEAD_DROPOUT))
    model.add(layers.Dense(classes, activation="softmax"))
    return model
