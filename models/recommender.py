"""A recommender: large embedding tables of which each step touches a few rows."""

import keras
from keras import layers

#: The numbers of users and items of MovieLens 1M, rounded up to powers of two.
_USERS = 8_192
_ITEMS = 4_096


def build_recommender(input_shape: tuple[int, ...] = (2,)) -> keras.Model:
    """Return factors of 64 and a small perceptron over a user and an item, shape (2,).

    He et al. 2017, "Neural Collaborative Filtering", figure 3: the product of the factors and the
    output of the perceptron together give one probability. 1,599,809 parameters.
    """
    inputs = keras.Input(input_shape, dtype="int32")
    user, item = inputs[:, 0], inputs[:, 1]
    product = layers.Multiply()([_embed(user, _USERS), _embed(item, _ITEMS)])
    x = layers.Concatenate()([_embed(user, _USERS), _embed(item, _ITEMS)])
    for units in (128, 64, 32):
        x = layers.Dense(units, activation="relu")(x)
    x = layers.Concatenate()([product, x])
    outputs = layers.Dense(1, activation="sigmoid")(x)
    return keras.Model(inputs, outputs, name="embedding_recommender")


def _embed(index, size):
    return layers.Embedding(size, 64)(index)
