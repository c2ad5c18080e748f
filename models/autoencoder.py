"""A convolutional autoencoder: Conv2DTranspose, and a regression to the images themselves."""

import keras
from keras import layers


def build_autoencoder(input_shape: tuple[int, ...] = (32, 32, 3)) -> keras.Model:
    """Return three strided convolutions down to an eighth, and three transposed ones back."""
    model = keras.Sequential(
        [keras.Input(input_shape), layers.Rescaling(1 / 255)], name="autoencoder"
    )
    for filters in (32, 64, 128):
        model.add(layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu"))
    for filters in (64, 32, 16):
        model.add(layers.Conv2DTranspose(filters, 3, strides=2, padding="same", activation="relu"))
    model.add(layers.Conv2D(input_shape[-1], 3, padding="same", activation="sigmoid"))
    return model
