"""MobileNet for 32x32 images: depthwise convolutions, which move more memory than they compute."""

import keras
from keras import layers

#: Filters and strides of each depthwise separable block. The filters are those of the paper; the
#: first strides, which reduce its 224x224 images, are omitted.
_BLOCKS = (
    *((64, 1), (128, 1), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)


def build_mobilenet(input_shape: tuple[int, ...] = (32, 32, 3), classes: int = 10) -> keras.Model:
    """Return MobileNet of width 1: 4.2 M parameters for 1,000 classes.

    Howard et al. 2017, "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
    Applications", table 1.
    """
    inputs = keras.Input(input_shape)
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = _activated(layers.Conv2D(32, 3, strides=1, padding="same", use_bias=False)(x))
    for filters, strides in _BLOCKS:
        x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
        x = _activated(x)
        x = _activated(layers.Conv2D(filters, 1, use_bias=False)(x))
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="mobilenet")


def _activated(x):
    return layers.ReLU(max_value=6.0)(layers.BatchNormalization()(x))
