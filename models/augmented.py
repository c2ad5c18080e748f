"""A small convolutional network that augments its images inside the model."""

import keras
from keras import layers


def build_augmented(input_shape: tuple[int, ...] = (32, 32, 3), classes: int = 10) -> keras.Model:
    """Return random flips, shifts, rotations and contrast before a network of three blocks."""
    model = keras.Sequential(
        [
            keras.Input(input_shape),
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.1, 0.1),
            layers.RandomRotation(0.05),
            layers.RandomContrast(0.2),
            layers.Rescaling(1 / 255),
        ],
        name="augmented_cnn",
    )
    for filters in (32, 64, 128):
        model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
        model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
        model.add(layers.MaxPooling2D())
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(classes, activation="softmax"))
    return model
