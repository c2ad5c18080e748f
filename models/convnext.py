"""ConvNeXt for 32x32 images: large depthwise kernels, LayerNormalization and wide dense layers."""

import keras
from keras import layers

_DEPTHS = (3, 3, 9, 3)
_WIDTHS = (96, 192, 384, 768)


@keras.saving.register_keras_serializable("models")
class LayerScale(layers.Layer):
    """Multiplies each channel by a learned factor that begins at 1e-6."""

    #: It has no multiply-accumulates.
    forward_macs = 0

    def build(self, input_shape):
        """Create the factors, shape (channels,)."""
        self.gamma = self.add_weight(
            shape=(input_shape[-1],),
            initializer=keras.initializers.Constant(1e-6),
            name="gamma",
        )

    def call(self, inputs):
        """Return the scaled inputs."""
        return inputs * self.gamma


def build_convnext(
    input_shape: tuple[int, ...] = (32, 32, 3), classes: int = 10, patch: int = 2
) -> keras.Model:
    """Return ConvNeXt-T with patches of 2x2 instead of 4x4 and without stochastic depth.

    Liu et al. 2022, "A ConvNet for the 2020s", section 2 and table 9: 28.6 M parameters for patches
    of 4x4 and 1,000 classes.
    """
    inputs = keras.Input(input_shape)
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = layers.Conv2D(_WIDTHS[0], patch, strides=patch)(x)
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    for stage, (depth, width) in enumerate(zip(_DEPTHS, _WIDTHS, strict=True)):
        if stage:
            x = layers.LayerNormalization(epsilon=1e-6)(x)
            x = layers.Conv2D(width, 2, strides=2)(x)
        for _ in range(depth):
            x = _block(x, width)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    outputs = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="convnext_tiny_cifar")


def _block(x, width):
    y = layers.DepthwiseConv2D(7, padding="same")(x)
    y = layers.LayerNormalization(epsilon=1e-6)(y)
    y = layers.Dense(4 * width, activation="gelu")(y)
    y = LayerScale()(layers.Dense(width)(y))
    return layers.Add()([x, y])
