"""What was resolved at run time: the values that decide speed and numerics."""

import importlib
import os

import keras

from bench.record import Scalar


def device_kind(backend: str) -> str:
    """Return "gpu" when the backend computes on an accelerator by default, else "cpu"."""
    if backend == "jax":
        return "cpu" if importlib.import_module("jax").default_backend() == "cpu" else "gpu"
    if backend == "tensorflow":
        visible = importlib.import_module("tensorflow").config.get_visible_devices("GPU")
        return "gpu" if visible else "cpu"
    return "gpu" if importlib.import_module("torch").cuda.is_available() else "cpu"


def resolved_settings(model: keras.Model, backend: str) -> dict[str, Scalar]:
    """Return the settings that `model` was trained with, as flat names and scalars."""
    read = {"jax": _jax_settings, "tensorflow": _tensorflow_settings, "torch": _torch_settings}
    return {
        "jit_compile": bool(model.jit_compile),
        "run_eagerly": bool(model.run_eagerly),
        "steps_per_execution": int(model.steps_per_execution),
        "dtype_policy": keras.config.dtype_policy().name,
        "floatx": keras.config.floatx(),
        "epsilon": keras.config.epsilon(),
        "data_format": keras.config.image_data_format(),
        "affinity_cpus": len(os.sched_getaffinity(0)),
        **read[backend](),
    }


def _jax_settings() -> dict[str, Scalar]:
    jax = importlib.import_module("jax")
    return {
        # JAX has no thread option: its CPU client takes one thread for each usable core.
        "intra_op_threads": None,
        "inter_op_threads": None,
        "matmul_precision": jax.config.jax_default_matmul_precision or "default",
        "device_name": jax.devices()[0].device_kind,
    }


def _tensorflow_settings() -> dict[str, Scalar]:
    tensorflow = importlib.import_module("tensorflow")
    threading = tensorflow.config.threading
    tf32 = tensorflow.config.experimental.tensor_float_32_execution_enabled()
    devices = tensorflow.config.get_visible_devices()
    return {
        # 0 means that TensorFlow chooses: one thread for each usable core.
        "intra_op_threads": threading.get_intra_op_parallelism_threads(),
        "inter_op_threads": threading.get_inter_op_parallelism_threads(),
        "matmul_precision": "tf32 allowed" if tf32 else "float32",
        "device_name": devices[-1].name,
    }


def _torch_settings() -> dict[str, Scalar]:
    torch = importlib.import_module("torch")
    on_gpu = torch.cuda.is_available()
    return {
        "intra_op_threads": torch.get_num_threads(),
        "inter_op_threads": torch.get_num_interop_threads(),
        "matmul_precision": torch.get_float32_matmul_precision(),
        "device_name": torch.cuda.get_device_name() if on_gpu else "cpu",
    }
