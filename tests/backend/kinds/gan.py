"""A GAN without a `call` and without a loss of that name; it compiles itself."""

import keras
import numpy as np
from keras import layers, ops

RECIPE = {"batch_size": 8, "epochs": 2}
BACKEND = keras.backend.backend()


class GAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
        self.generator = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        self.d_loss = keras.metrics.Mean(name="d_loss")
        self.g_loss = keras.metrics.Mean(name="g_loss")
        self.seeds = keras.random.SeedGenerator(1)
        self.built = BACKEND != "tensorflow"  # the others build a model before its first step

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        if BACKEND == "jax":  # its stateless step knows one optimizer
            super().compile(optimizer=d_optimizer)
        else:
            super().compile()
            self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.loss_fn = loss_fn

    @property
    def metrics(self):
        return [self.d_loss, self.g_loss]

    def losses_of(self, real, noise, discriminate, generate):
        fake, ones = generate(noise), ops.ones((ops.shape(real)[0], 1))
        judged = discriminate(fake)
        d_loss = self.loss_fn(ones, discriminate(real)) + self.loss_fn(ones - 1, judged)
        return d_loss, self.loss_fn(ones, judged)

    def noise(self, real):
        return keras.random.normal((ops.shape(real)[0], 3), seed=self.seeds)

    def train_step(self, *arguments):
        return globals()[f"{BACKEND}_step"](self, *arguments)


def tensorflow_step(gan, real):
    import tensorflow as tf

    with tf.GradientTape(persistent=True) as tape:
        losses = gan.losses_of(real, gan.noise(real), gan.discriminator, gan.generator)
    pairs = ((gan.discriminator, gan.d_optimizer), (gan.generator, gan.g_optimizer))
    for loss, (part, optimizer) in zip(losses, pairs, strict=True):
        weights = part.trainable_weights
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
    return _logs(gan, losses)


def torch_step(gan, real):
    import torch

    losses = gan.losses_of(real, gan.noise(real), gan.discriminator, gan.generator)
    pairs = ((gan.discriminator, gan.d_optimizer), (gan.generator, gan.g_optimizer))
    steps = []
    for loss, (part, optimizer) in zip(losses, pairs, strict=True):
        weights = part.trainable_weights
        values = [weight.value for weight in weights]
        steps.append((torch.autograd.grad(loss, values, retain_graph=True), weights, optimizer))
    with torch.no_grad():
        for gradients, weights, optimizer in steps:
            optimizer.apply(gradients, weights)
    return _logs(gan, losses)


def _logs(gan, losses):
    gan.d_loss.update_state(losses[0])
    gan.g_loss.update_state(losses[1])
    return {metric.name: metric.result() for metric in gan.metrics}


def jax_step(gan, state, real):
    import jax

    variables, others, optimizer, metrics = state
    first = len(gan.discriminator.trainable_variables)
    place = next(i for i, v in enumerate(gan.non_trainable_variables) if v is gan.seeds.state)
    key = others[place]
    noise = jax.random.normal(jax.random.key(key[0] + key[1]), (real.shape[0], 3))
    others = [*others[:place], key + 1, *others[place + 1 :]]

    def call(part, values):
        return lambda x: part.stateless_call(values, [], x)[0]

    def loss(ours, theirs, which):
        d, g = (ours, theirs) if which == 0 else (theirs, ours)
        return gan.losses_of(real, noise, call(gan.discriminator, d), call(gan.generator, g))[which]

    d, g = variables[:first], variables[first:]
    d_loss, d_gradients = jax.value_and_grad(loss)(d, g, 0)
    g_loss, g_gradients = jax.value_and_grad(loss)(g, d, 1)
    gradients = [*d_gradients, *g_gradients]
    variables, optimizer = gan.optimizer.stateless_apply(optimizer, gradients, variables)
    with keras.StatelessScope(zip(gan.metrics_variables, metrics, strict=True)) as scope:
        logs = _logs(gan, (d_loss, g_loss))
    metrics = [scope.get_current_value(v) for v in gan.metrics_variables]
    return logs, (variables, others, optimizer, metrics)


def build():
    gan = GAN()
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    gan.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.02), loss)
    return gan


def data():
    return np.random.default_rng(0).normal(2, 1, size=(32, 2)).astype("float32")


def plain():
    return build().fit(data(), batch_size=8, epochs=2, verbose=0)
