"""The 84 examples that Keras publishes, run unchanged: which of them this product measures."""
