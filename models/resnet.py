"""Residual networks for 32x32 images: He et al. 2016, and Zagoruyko and Komodakis' wide ones."""

import keras
from keras import layers, ops

_INITIALIZER = "he_normal"


def build_resnet20(input_shape: tuple[int, ...] = (32, 32, 3), classes: int = 10) -> keras.Model:
    """Return ResNet-20: three stages of three blocks, shortcuts without parameters (option A).

    "Deep Residual Learning for Image Recognition", section 4.2 and table 6: 0.27 M parameters.
    """
    inputs = keras.Input(input_shape)
    x = layers.Rescaling(1 / 255)(inputs)
    x = _normalized(_convolution(x, 16), "relu")
    for stage, filters in enumerate((16, 32, 64)):
        for block in range(3):
            strides = 2 if stage and not block else 1
            y = _normalized(_convolution(x, filters, strides), "relu")
            y = _normalized(_convolution(y, filters))
            x = layers.ReLU()(layers.Add()([_identity(x, filters, strides), y]))
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="resnet20")


def build_wide_resnet(
    input_shape: tuple[int, ...] = (32, 32, 3),
    classes: int = 10,
    depth: int = 16,
    width: int = 4,
) -> keras.Model:
    """Return WRN-`depth`-`width`: normalization and activation come before each convolution.

    "Wide Residual Networks", tables 1 and 4: WRN-28-10 has 36.5 M parameters, WRN-16-8 11.0 M.
    """
    inputs = keras.Input(input_shape)
    x = _convolution(layers.Rescaling(1 / 255)(inputs), 16)
    for stage, filters in enumerate((16 * width, 32 * width, 64 * width)):
        for block in range((depth - 4) // 6):
            strides = 2 if stage and not block else 1
            y = _activated(x)
            shortcut = x if block else _convolution(y, filters, strides, size=1)
            y = _convolution(_activated(_convolution(y, filters, strides)), filters)
            x = layers.Add()([shortcut, y])
    x = layers.GlobalAveragePooling2D()(_activated(x))
    outputs = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="wide_resnet")


def _convolution(x, filters, strides=1, size=3):
    return layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer=_INITIALIZER,
    )(x)


def _normalized(x, activation="linear"):
    return layers.Activation(activation)(layers.BatchNormalization()(x))


def _activated(x):
    return layers.ReLU()(layers.BatchNormalization()(x))


def _identity(x, filters, strides):
    """Return every `strides`-th pixel, with channels of zeros up to `filters`."""
    if strides == 1:
        return x
    x = layers.AveragePooling2D(1, strides=strides)(x)
    missing = filters - x.shape[-1]
    return ops.pad(x, [[0, 0], [0, 0], [0, 0], [missing // 2, missing - missing // 2]])
