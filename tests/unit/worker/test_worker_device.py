"""What each backend's module says about its device, with a GPU and without one."""

from types import SimpleNamespace as Fake

import pytest

from bench.worker.device import Device, device_peak_bytes, find_device

CUDA = "PJRT C API\ncuda 12080"


def fake_jax(platform: str, version: str, stats: dict[str, int] | None = None) -> Fake:
    name = "NVIDIA H100 80GB HBM3" if platform == "gpu" else "cpu"
    first = Fake(
        platform=platform,
        device_kind=name,
        client=Fake(platform_version=version),
        memory_stats=lambda: stats,
    )
    return Fake(devices=lambda: [first, first], device_count=lambda: 2)


def fake_tensorflow(gpus: int, growth: bool = False, **build: object) -> Fake:
    devices = {"CPU": [Fake(name="/physical_device:CPU:0")]}
    devices["GPU"] = [Fake(name=f"/physical_device:GPU:{n}") for n in range(gpus)]
    experimental = Fake(
        get_device_details=lambda gpu: {"device_name": "NVIDIA H100 80GB HBM3"},
        get_memory_growth=lambda gpu: growth,
        get_memory_info=lambda name: {"current": 1, "peak": {"GPU:0": 4096}[name]},
    )
    return Fake(
        config=Fake(get_visible_devices=devices.__getitem__, experimental=experimental),
        sysconfig=Fake(get_build_info=lambda: build),
    )


def fake_torch(gpus: int, cuda: str | None) -> Fake:
    return Fake(
        version=Fake(cuda=cuda, hip=None),
        cuda=Fake(
            is_available=lambda: gpus > 0,
            get_device_name=lambda: "NVIDIA H100 80GB HBM3",
            device_count=lambda: gpus,
            get_allocator_backend=lambda: "native",
            max_memory_allocated=lambda: 8192,
        ),
    )


@pytest.mark.parametrize(
    ("backend", "framework", "name"),
    [
        ("jax", fake_jax("cpu", "cpu"), "cpu"),
        ("tensorflow", fake_tensorflow(0, is_cuda_build=False), "/physical_device:CPU:0"),
        ("torch", fake_torch(0, None), "cpu"),
    ],
)
def test_a_backend_without_a_gpu_runs_on_the_cpu(backend: str, framework: Fake, name: str) -> None:
    device = find_device(backend, framework, {})
    assert (device.kind, device.name, device.build_variant) == ("cpu", name, "cpu")
    assert device.allocator is None
    assert device_peak_bytes(backend, framework, device) is None


@pytest.mark.parametrize(
    ("backend", "framework", "build_variant", "count", "peak"),
    [
        ("jax", fake_jax("gpu", CUDA, {"peak_bytes_in_use": 2048}), "cuda 12.8", 2, 2048),
        (
            "tensorflow",
            fake_tensorflow(1, is_cuda_build=True, cuda_version="12.5.1"),
            "cuda 12.5.1",
            1,
            4096,
        ),
        ("torch", fake_torch(4, "13.0"), "cuda 13.0", 4, 8192),
    ],
)
def test_a_backend_with_a_gpu_tells_its_name_its_build_and_its_peak(
    backend: str, framework: Fake, build_variant: str, count: int, peak: int
) -> None:
    device = find_device(backend, framework, {})
    assert (device.kind, device.name) == ("gpu", "NVIDIA H100 80GB HBM3")
    assert (device.build_variant, device.count) == (build_variant, count)
    assert device_peak_bytes(backend, framework, device) == peak


@pytest.mark.parametrize("stats", [None, {"bytes_in_use": 3}])
def test_jax_without_a_memory_counter_gives_no_peak(stats: dict[str, int] | None) -> None:
    jax = fake_jax("gpu", CUDA, stats)
    assert device_peak_bytes("jax", jax, find_device("jax", jax, {})) is None


@pytest.mark.parametrize(
    ("version", "build_variant"),
    [
        ("cpu", "cpu"),
        (CUDA, "cuda 12.8"),
        ("PJRT C API\ncuda 13000", "cuda 13.0"),
        ("rocm", "rocm"),
    ],
)
def test_jax_tells_its_build_by_the_client_that_it_uses(version: str, build_variant: str) -> None:
    assert find_device("jax", fake_jax("gpu", version), {}).build_variant == build_variant


@pytest.mark.parametrize(
    ("environment", "allocator"),
    [
        ({}, "default, preallocates 0.75 of the memory"),
        ({"XLA_PYTHON_CLIENT_MEM_FRACTION": ".5"}, "default, preallocates .5 of the memory"),
        ({"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}, "default, no preallocation"),
        (
            {"XLA_PYTHON_CLIENT_PREALLOCATE": "false", "XLA_PYTHON_CLIENT_ALLOCATOR": "platform"},
            "platform, no preallocation",
        ),
    ],
)
def test_xla_hands_out_gpu_memory_as_its_variables_say(
    environment: dict[str, str], allocator: str
) -> None:
    assert find_device("jax", fake_jax("gpu", CUDA), environment).allocator == allocator


def test_tensorflow_says_whether_its_gpu_memory_grows() -> None:
    assert find_device("tensorflow", fake_tensorflow(1), {}).allocator == (
        "bfc, preallocates all memory"
    )
    asynchronous = {"TF_GPU_ALLOCATOR": "cuda_malloc_async"}
    growing = find_device("tensorflow", fake_tensorflow(1, growth=True), asynchronous)
    assert growing.allocator == "cuda_malloc_async, grows"


def test_torch_that_keras_sends_to_the_cpu_runs_there_beside_a_gpu() -> None:
    device = find_device("torch", fake_torch(1, "13.0"), {"KERAS_TORCH_DEVICE": "cpu"})
    assert device == Device(
        kind="cpu", name="cpu", count=1, build_variant="cuda 13.0", allocator=None
    )
