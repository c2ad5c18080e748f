"""Recurrent networks over bytes: many small steps, each of which waits for the previous one."""

import keras
from keras import layers

_VOCABULARY = 256


def build_lstm(input_shape: tuple[int, ...] = (128,), classes: int = 4) -> keras.Model:
    """Return a bidirectional LSTM of 64 + 64 units and one of 32 + 32 over embedded bytes."""
    return _stack(layers.LSTM, input_shape, classes, "lstm_text")


def build_gru(input_shape: tuple[int, ...] = (128,), classes: int = 4) -> keras.Model:
    """Return a bidirectional GRU of 64 + 64 units and one of 32 + 32 over embedded bytes."""
    return _stack(layers.GRU, input_shape, classes, "gru_text")


def _stack(layer, input_shape, classes, name):
    return keras.Sequential(
        [
            keras.Input(input_shape, dtype="int32"),
            layers.Embedding(_VOCABULARY, 64),
            layers.Bidirectional(layer(64, return_sequences=True)),
            layers.Bidirectional(layer(32)),
            layers.Dense(classes, activation="softmax"),
        ],
        name=name,
    )
