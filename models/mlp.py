"""A perceptron of two hidden layers: large matrix products and nothing else."""

import keras
from keras import layers


def build_mlp(input_shape: tuple[int, ...] = (32, 32, 3), classes: int = 10) -> keras.Model:
    """Return two hidden layers of 512 units, as in Keras's MNIST examples.

    669,706 parameters for 28x28x1 images and 10 classes.
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(classes, activation="softmax"),
        ],
        name="mlp",
    )
