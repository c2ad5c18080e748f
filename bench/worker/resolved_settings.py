"""Settings as resolved at run time: the values that determine speed and numerics."""

import os
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bench.core.result import Scalar
from bench.worker.backend import Backend
from bench.worker.process_info import cpu_ranges, host_allocator, thread_count

if TYPE_CHECKING:
    import keras

    from bench.worker.input_pipeline import TrainingInput


def resolved_settings(
    model: "keras.Model", feed: "TrainingInput", backend: Backend, target: str
) -> dict[str, Scalar]:
    """Return the settings with which `model` was trained, as flat names and scalars."""
    return {
        **model_settings(model),
        **process_settings(backend),
        "data_adapter": feed.adapter_name(),
        "target": target,
    }


def model_settings(model: "keras.Model") -> dict[str, Scalar]:
    """Return how the steps of `model` are compiled."""
    return {
        "jit_compile": bool(model.jit_compile),
        "run_eagerly": bool(model.run_eagerly),
        "steps_per_execution": int(model.steps_per_execution),
    }


def process_settings(backend: Backend) -> dict[str, Scalar]:
    """Return the settings of Keras, the backend and the machine that hold for this process."""
    import keras

    cpus, device = os.sched_getaffinity(0), backend.device
    return {
        "dtype_policy": keras.config.dtype_policy().name,
        "floatx": keras.config.floatx(),
        "epsilon": keras.config.epsilon(),
        "data_format": keras.config.image_data_format(),
        "keras_json": backend.keras_json,
        "compilation_cache": compilation_cache(backend.name),
        "affinity_cpus": len(cpus),
        "affinity": cpu_ranges(cpus),
        "allocator": ", ".join(filter(None, (host_allocator(), device.allocator))),
        "device_name": device.name,
        "device_count": device.count,
        "build_variant": device.build_variant,
        "onednn": uses_onednn(backend.name, backend.framework),
        **backend_settings(backend.name, backend.framework, on_gpu=device.kind == "gpu"),
    }


def backend_settings(
    backend: str, framework: Any, *, on_gpu: bool, environment: Mapping[str, str] = os.environ
) -> dict[str, Scalar]:
    """Return the threads and the precision of matrix products that `framework` actually uses.

    `tf32` names the operations that may use TF32 for float32: "off" (always on a CPU), "on",
    "matmul" or "convolutions". `intra_op_threads` share one operation; `inter_op_threads` run
    operations in parallel. They are None if the backend has no such pool, or if its threads cannot
    be counted.
    """
    if backend == "jax":
        return _jax_settings(framework, on_gpu)
    if backend == "tensorflow":
        return _tensorflow_settings(framework, on_gpu, environment)
    return _torch_settings(framework, on_gpu)


def compilation_cache(backend: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return `warm` if compiled programs are kept in a folder of the user, else `cold`."""
    name = {"jax": "JAX_COMPILATION_CACHE_DIR", "torch": "TORCHINDUCTOR_CACHE_DIR"}.get(backend, "")
    folder, own = environment.get(name, ""), environment.get("KERAS_HOME", "")
    return "warm" if folder and not (own and folder.startswith(f"{own}/")) else "cold"


def uses_onednn(backend: str, framework: Any) -> bool | None:
    """Return whether a backend's CPU kernels may be those of oneDNN; None if unknown.

    TensorFlow enables them if the processor has the required instructions, so two machines may run
    different kernels by default and support different operations.
    """
    if backend == "tensorflow":
        # TensorFlow's tests call this function; it has no public name.
        return bool(import_module("tensorflow.python.util._pywrap_util_port").IsMklEnabled())
    if backend == "torch":
        return bool(framework.backends.mkldnn.is_available())
    return None


def _jax_settings(jax: Any, on_gpu: bool) -> dict[str, Scalar]:
    precision = jax.config.jax_default_matmul_precision or "default"
    full = precision in ("highest", "float32")
    return {
        # JAX neither sets nor reports its threads. These are the threads of XLA's Eigen pool, one
        # for each CPU that was usable when its client started.
        "intra_op_threads": thread_count("tf_XLAEigen") or None,
        "inter_op_threads": None,
        "matmul_precision": precision,
        "tf32": "on" if on_gpu and not full else "off",
    }


def _tensorflow_settings(
    tensorflow: Any, on_gpu: bool, environment: Mapping[str, str]
) -> dict[str, Scalar]:
    threading = tensorflow.config.threading
    allowed = tensorflow.config.experimental.tensor_float_32_execution_enabled()

    def threads(configured: int, variable: str) -> int:
        """Return the configured number; 0 means the variable, or else one per usable CPU."""
        return configured or int(environment.get(variable) or 0) or len(os.sched_getaffinity(0))

    return {
        "intra_op_threads": threads(
            threading.get_intra_op_parallelism_threads(), "TF_NUM_INTRAOP_THREADS"
        ),
        "inter_op_threads": threads(
            threading.get_inter_op_parallelism_threads(), "TF_NUM_INTEROP_THREADS"
        ),
        "matmul_precision": "tf32 allowed" if allowed else "float32",
        "tf32": "on" if on_gpu and allowed else "off",
    }


def _torch_settings(torch: Any, on_gpu: bool) -> dict[str, Scalar]:
    matmul = torch.get_float32_matmul_precision() != "highest"
    places = {
        (False, False): "off",
        (True, False): "matmul",
        (False, True): "convolutions",
        (True, True): "on",
    }
    return {
        "intra_op_threads": torch.get_num_threads(),
        "inter_op_threads": torch.get_num_interop_threads(),
        "matmul_precision": torch.get_float32_matmul_precision(),
        "tf32": places[on_gpu and matmul, on_gpu and torch.backends.cudnn.allow_tf32],
    }


#: The rates of a layer or cell. If all of them are 0, it draws no random numbers.
RATES = ("rate", "stddev", "dropout", "recurrent_dropout")


def stochastic_layers(model: Any) -> tuple[str, ...]:
    """Return the names of the layers of `model`, at any depth, that act randomly.

    They have a seed generator, as every random layer of Keras does, and at least one rate above 0
    or no rates (a recurrent cell has a generator even with rates of 0). Random numbers that a
    user's layer draws without a seed generator are not detected.
    """
    layers = model._flatten_layers(include_self=True, recursive=True)
    return tuple(sorted({layer.name for layer in layers if _is_random(layer)}))


def _is_random(layer: Any) -> bool:
    if not layer._seed_generators:
        return False
    values = [getattr(layer, name, None) for name in RATES]
    rates = [value for value in values if isinstance(value, int | float)]
    return not rates or max(rates) > 0
