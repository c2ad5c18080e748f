"""One set of Keras 3 models, trained and timed on JAX, TensorFlow and PyTorch."""

__version__ = "0.2.0.dev0"
