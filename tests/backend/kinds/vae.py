"""A variational autoencoder with its own training and test steps, one pair per backend."""

import keras
import numpy as np
from keras import layers, ops

RECIPE = {"batch_size": 8, "epochs": 2}
BACKEND = keras.backend.backend()


class VAE(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = layers.Dense(4)
        self.decoder = layers.Dense(6)
        self.seeds = keras.random.SeedGenerator(1)
        self.total = keras.metrics.Mean(name="total_loss")
        self.kl = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):
        return [self.total, self.kl]

    def call(self, x, training=None):
        mean, log_variance = ops.split(self.encoder(x), 2, axis=-1)
        noise = keras.random.normal(ops.shape(mean), seed=self.seeds)
        decoded = self.decoder(mean + ops.exp(0.5 * log_variance) * noise)
        return decoded, mean, log_variance

    def measure(self, x, outputs):
        decoded, mean, log_variance = outputs
        kl = -0.5 * ops.mean(1 + log_variance - ops.square(mean) - ops.exp(log_variance))
        total = ops.mean(ops.square(x - decoded)) + kl
        self.total.update_state(total)
        self.kl.update_state(kl)
        return total

    def logs(self):
        return {metric.name: metric.result() for metric in self.metrics}


class JaxVAE(VAE):
    def train_step(self, state, data):
        import jax

        x = data[0] if isinstance(data, tuple) else data
        variables, others, optimizer, metrics = state

        def loss(trainable):
            outputs, new = self.stateless_call(trainable, others, x, training=True)
            with keras.StatelessScope(zip(self.metrics_variables, metrics, strict=True)) as scope:
                total = self.measure(x, outputs)
                logs = self.logs()
            values = [scope.get_current_value(v) for v in self.metrics_variables]
            return total, (new, values, logs)

        gradients, (others, metrics, logs) = jax.grad(loss, has_aux=True)(variables)
        variables, optimizer = self.optimizer.stateless_apply(optimizer, gradients, variables)
        return logs, (variables, others, optimizer, metrics)

    def test_step(self, state, data):
        x = data[0] if isinstance(data, tuple) else data
        variables, others, metrics = state
        outputs, others = self.stateless_call(variables, others, x, training=False)
        with keras.StatelessScope(zip(self.metrics_variables, metrics, strict=True)) as scope:
            self.measure(x, outputs)
            logs = self.logs()
        metrics = [scope.get_current_value(v) for v in self.metrics_variables]
        return logs, (variables, others, metrics)


class TensorFlowVAE(VAE):
    def train_step(self, data):
        import tensorflow as tf

        x = data[0] if isinstance(data, tuple) else data
        with tf.GradientTape() as tape:
            total = self.measure(x, self(x, training=True))
        gradients = tape.gradient(total, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        return self.logs()

    def test_step(self, data):
        x = data[0] if isinstance(data, tuple) else data
        self.measure(x, self(x, training=False))
        return self.logs()


class TorchVAE(VAE):
    def train_step(self, data):
        import torch

        x = data[0] if isinstance(data, tuple) else data
        self.zero_grad()
        self.measure(x, self(x, training=True)).backward()
        weights = list(self.trainable_weights)
        with torch.no_grad():
            self.optimizer.apply([weight.value.grad for weight in weights], weights)
        return self.logs()

    test_step = TensorFlowVAE.test_step


def build():
    kinds = {"jax": JaxVAE, "tensorflow": TensorFlowVAE, "torch": TorchVAE}
    vae = kinds[BACKEND]()
    vae.compile(keras.optimizers.Adam(0.01))
    return vae


def data():
    x = np.random.default_rng(0).normal(size=(48, 6)).astype("float32")
    return (x[:32], None), (x[32:], None)


def plain():
    (x, _), validation = data()
    return build().fit(x, batch_size=8, epochs=2, validation_data=validation, verbose=0)
