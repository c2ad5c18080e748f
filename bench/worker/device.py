"""The device of a backend; every function takes the framework's module as an argument."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Device:
    """The device that a backend computes on by default.

    `kind` is "cpu" or "gpu" (any accelerator); `count` is the number of them that the backend sees.
    `build_variant` is the target of its libraries in use ("cpu", "cuda 13.0", …). `allocator`
    describes the allocation of memory on an accelerator, None on a CPU.
    """

    kind: str
    name: str
    count: int
    build_variant: str
    allocator: str | None


def find_device(
    backend: str, framework: Any, environment: Mapping[str, str] = os.environ
) -> Device:
    """Return the device of `backend`, whose imported module is `framework`."""
    find = {"jax": _jax_device, "tensorflow": _tensorflow_device, "torch": _torch_device}
    return find[backend](framework, environment)


def device_peak_bytes(backend: str, framework: Any, device: Device) -> int | None:
    """Return the peak of the accelerator's used memory in bytes, from the backend's counter.

    None on a CPU, and on JAX if its allocator keeps no count.
    """
    if device.kind == "cpu":
        return None
    if backend == "jax":
        return (framework.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    if backend == "tensorflow":
        return int(framework.config.experimental.get_memory_info("GPU:0")["peak"])
    return int(framework.cuda.max_memory_allocated())


def _jax_device(jax: Any, environment: Mapping[str, str]) -> Device:
    first = jax.devices()[0]
    on_cpu = first.platform == "cpu"
    return Device(
        kind="cpu" if on_cpu else "gpu",
        name=first.device_kind,
        count=jax.device_count(),
        build_variant=_jax_build(first.client.platform_version),
        allocator=None if on_cpu else _jax_allocator(environment),
    )


def _jax_build(platform_version: str) -> str:
    """Return "cuda 12.8" for the client's "PJRT C API\\ncuda 12080", and "cpu" for its "cpu"."""
    last = platform_version.splitlines()[-1]
    kind, _, number = last.partition(" ")
    if kind != "cuda" or not number.isdigit():
        return last
    return f"cuda {int(number) // 1000}.{int(number) % 1000 // 10}"


def _jax_allocator(environment: Mapping[str, str]) -> str:
    """Return the allocator that XLA reads from its variables, the only way to set or query it."""
    kind = environment.get("XLA_PYTHON_CLIENT_ALLOCATOR", "default").lower()
    if environment.get("XLA_PYTHON_CLIENT_PREALLOCATE", "true").lower() in ("0", "false"):
        return f"{kind}, no preallocation"
    fraction = environment.get("XLA_PYTHON_CLIENT_MEM_FRACTION", "0.75")
    return f"{kind}, preallocates {fraction} of the memory"


def _tensorflow_device(tensorflow: Any, environment: Mapping[str, str]) -> Device:
    config = tensorflow.config
    gpus = config.get_visible_devices("GPU")
    build = _tensorflow_build(tensorflow.sysconfig.get_build_info())
    if not gpus:
        cpus = config.get_visible_devices("CPU")
        return Device(
            kind="cpu", name=cpus[0].name, count=len(cpus), build_variant=build, allocator=None
        )
    details = config.experimental.get_device_details(gpus[0])
    growth = config.experimental.get_memory_growth(gpus[0])
    kind = environment.get("TF_GPU_ALLOCATOR", "bfc")
    return Device(
        kind="gpu",
        name=details.get("device_name", gpus[0].name),
        count=len(gpus),
        build_variant=build,
        allocator=f"{kind}, {'grows' if growth else 'preallocates all memory'}",
    )


def _tensorflow_build(info: Mapping[str, Any]) -> str:
    if info.get("is_cuda_build"):
        return f"cuda {info.get('cuda_version', 'of unknown version')}"
    return "rocm" if info.get("is_rocm_build") else "cpu"


def _torch_device(torch: Any, environment: Mapping[str, str]) -> Device:
    build = _torch_build(torch.version)
    # Keras uses CUDA if it is available, unless this variable has another value
    # (keras/src/backend/torch/core.py, DEFAULT_DEVICE).
    chosen = environment.get("KERAS_TORCH_DEVICE", "cuda")
    if not (torch.cuda.is_available() and chosen.startswith("cuda")):
        return Device(kind="cpu", name="cpu", count=1, build_variant=build, allocator=None)
    return Device(
        kind="gpu",
        name=torch.cuda.get_device_name(),
        count=torch.cuda.device_count(),
        build_variant=build,
        allocator=torch.cuda.get_allocator_backend(),
    )


def _torch_build(version: Any) -> str:
    if version.cuda:
        return f"cuda {version.cuda}"
    return f"rocm {version.hip}" if version.hip else "cpu"
