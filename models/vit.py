"""A vision transformer for 32x32 images: attention, LayerNormalization, dense layers."""

import keras
from keras import layers


@keras.saving.register_keras_serializable("models")
class ClassAndPosition(layers.Layer):
    """Puts a learned class token before the patches and adds a learned position to each."""

    #: It has no multiply-accumulates.
    forward_macs = 0

    def build(self, input_shape):
        """Create the class token (1, 1, width) and the positions (1, 1 + patches, width)."""
        _, patches, width = input_shape
        small = keras.initializers.TruncatedNormal(stddev=0.02)
        self.token = self.add_weight(shape=(1, 1, width), initializer="zeros", name="token")
        self.positions = self.add_weight(
            shape=(1, 1 + patches, width), initializer=small, name="positions"
        )

    def call(self, inputs):
        """Return (batch, 1 + patches, width)."""
        batch = keras.ops.shape(inputs)[0]
        token = keras.ops.tile(self.token, [batch, 1, 1])
        return keras.ops.concatenate([token, inputs], axis=1) + self.positions

    def compute_output_shape(self, input_shape):
        """Return the shape with one more token."""
        batch, patches, width = input_shape
        return (batch, patches + 1, width)


def build_vit(
    input_shape: tuple[int, ...] = (32, 32, 3),
    classes: int = 10,
    patch: int = 4,
    width: int = 192,
    depth: int = 12,
    heads: int = 3,
) -> keras.Model:
    """Return ViT-Ti with patches of 4x4: 12 blocks of width 192 with 3 heads.

    Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words"; the size Ti is Touvron et al.'s
    (DeiT, table 1): 5.7 M parameters for 224x224 images, patches of 16x16 and 1,000 classes.
    """
    inputs = keras.Input(input_shape)
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = layers.Conv2D(width, patch, strides=patch)(x)
    x = layers.Reshape((-1, width))(x)
    x = ClassAndPosition()(x)
    for _ in range(depth):
        x = _block(x, width, heads)
    x = layers.LayerNormalization(epsilon=1e-6)(x)[:, 0]
    outputs = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="vit_tiny")


def _block(x, width, heads):
    y = layers.LayerNormalization(epsilon=1e-6)(x)
    y = layers.MultiHeadAttention(heads, width // heads)(y, y)
    x = layers.Add()([x, y])
    y = layers.LayerNormalization(epsilon=1e-6)(x)
    y = layers.Dense(4 * width, activation="gelu")(y)
    y = layers.Dense(width)(y)
    return layers.Add()([x, y])
