"""Transformers over bytes: an encoder that classifies, and a decoder that predicts bytes."""

import keras
from keras import layers

_VOCABULARY = 256


@keras.saving.register_keras_serializable("models")
class TokenAndPosition(layers.Layer):
    """Embeds bytes, shape (batch, length), and adds a learned position to each."""

    #: It has no multiply-accumulates.
    forward_macs = 0

    def __init__(self, width, **options):
        """Embed in `width` dimensions."""
        super().__init__(**options)
        self.width = width
        self.tokens = layers.Embedding(_VOCABULARY, width)

    def build(self, input_shape):
        """Create the positions, shape (length, width)."""
        self.tokens.build(input_shape)
        self.positions = self.add_weight(
            shape=(input_shape[-1], self.width), initializer="uniform", name="positions"
        )

    def call(self, inputs):
        """Return (batch, length, width)."""
        return self.tokens(inputs) + self.positions

    def compute_output_shape(self, input_shape):
        """Return the shape with the width appended."""
        return (*input_shape, self.width)

    def get_config(self):
        """Return the configuration from which the layer can be created again."""
        return {**super().get_config(), "width": self.width}


def build_encoder(input_shape: tuple[int, ...] = (128,), classes: int = 4) -> keras.Model:
    """Return two encoder blocks of width 128 with 4 heads, normalized after each sub-layer.

    Vaswani et al. 2017, "Attention Is All You Need", figure 1.
    """
    inputs = keras.Input(input_shape, dtype="int32")
    x = TokenAndPosition(128)(inputs)
    for _ in range(2):
        y = layers.Dropout(0.1)(layers.MultiHeadAttention(4, 32)(x, x))
        x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, y]))
        y = layers.Dense(128)(layers.Dense(512, activation="relu")(x))
        x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, layers.Dropout(0.1)(y)]))
    x = layers.GlobalAveragePooling1D()(x)
    outputs = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="transformer_text")


def build_decoder(input_shape: tuple[int, ...] = (128,)) -> keras.Model:
    """Return four causal blocks of width 128 with 4 heads, normalized before each sub-layer.

    Radford et al. 2019 (GPT-2), in nanoGPT's size for a CPU. The output is the probabilities of the
    next byte at each place.
    """
    inputs = keras.Input(input_shape, dtype="int32")
    x = TokenAndPosition(128)(inputs)
    for _ in range(4):
        y = layers.LayerNormalization(epsilon=1e-5)(x)
        y = layers.MultiHeadAttention(4, 32)(y, y, use_causal_mask=True)
        x = layers.Add()([x, y])
        y = layers.LayerNormalization(epsilon=1e-5)(x)
        y = layers.Dense(128)(layers.Dense(512, activation="gelu")(y))
        x = layers.Add()([x, y])
    outputs = layers.Dense(_VOCABULARY, activation="softmax")(
        layers.LayerNormalization(epsilon=1e-5)(x)
    )
    return keras.Model(inputs, outputs, name="gpt_mini")
