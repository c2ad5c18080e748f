"""The threads and the precision that each backend's module resolved to."""

import os
from types import SimpleNamespace as Fake

import pytest

from bench.worker.resolved_settings import backend_settings, compilation_cache


def fake_jax(precision: str | None) -> Fake:
    return Fake(config=Fake(jax_default_matmul_precision=precision))


def fake_tensorflow(intra: int, inter: int, tf32: bool) -> Fake:
    threading = Fake(
        get_intra_op_parallelism_threads=lambda: intra,
        get_inter_op_parallelism_threads=lambda: inter,
    )
    experimental = Fake(tensor_float_32_execution_enabled=lambda: tf32)
    return Fake(config=Fake(threading=threading, experimental=experimental))


def fake_torch(precision: str, cudnn_tf32: bool) -> Fake:
    return Fake(
        get_num_threads=lambda: 3,
        get_num_interop_threads=lambda: 4,
        get_float32_matmul_precision=lambda: precision,
        backends=Fake(cudnn=Fake(allow_tf32=cudnn_tf32)),
    )


def test_tensorflow_threads_are_those_that_were_set() -> None:
    settings = backend_settings(
        "tensorflow",
        fake_tensorflow(3, 5, False),
        on_gpu=False,
        environment={"TF_NUM_INTRAOP_THREADS": "7"},
    )
    assert (settings["intra_op_threads"], settings["inter_op_threads"]) == (3, 5)


def test_tensorflow_threads_that_were_not_set_are_those_of_its_variable() -> None:
    settings = backend_settings(
        "tensorflow",
        fake_tensorflow(0, 0, False),
        on_gpu=False,
        environment={"TF_NUM_INTRAOP_THREADS": "7", "TF_NUM_INTEROP_THREADS": "0"},
    )
    usable = len(os.sched_getaffinity(0))
    assert (settings["intra_op_threads"], settings["inter_op_threads"]) == (7, usable)


def test_torch_threads_are_what_torch_says() -> None:
    settings = backend_settings("torch", fake_torch("highest", True), on_gpu=False)
    assert (settings["intra_op_threads"], settings["inter_op_threads"]) == (3, 4)


def test_jax_tells_no_threads_where_it_has_no_pool_of_xla() -> None:
    settings = backend_settings("jax", fake_jax(None), on_gpu=False)
    assert (settings["intra_op_threads"], settings["inter_op_threads"]) == (None, None)


@pytest.mark.parametrize(
    ("backend", "framework", "precision", "tf32"),
    [
        ("jax", fake_jax(None), "default", "on"),
        ("jax", fake_jax("highest"), "highest", "off"),
        ("tensorflow", fake_tensorflow(0, 0, True), "tf32 allowed", "on"),
        ("tensorflow", fake_tensorflow(0, 0, False), "float32", "off"),
        ("torch", fake_torch("highest", True), "highest", "convolutions"),
        ("torch", fake_torch("high", False), "high", "matmul"),
        ("torch", fake_torch("high", True), "high", "on"),
        ("torch", fake_torch("highest", False), "highest", "off"),
    ],
)
def test_tf32_is_told_for_a_gpu_and_off_on_a_cpu(
    backend: str, framework: Fake, precision: str, tf32: str
) -> None:
    on_gpu = backend_settings(backend, framework, on_gpu=True)
    assert (on_gpu["matmul_precision"], on_gpu["tf32"]) == (precision, tf32)
    assert backend_settings(backend, framework, on_gpu=False)["tf32"] == "off"


@pytest.mark.parametrize(
    ("backend", "variables", "state"),
    [
        ("jax", {}, "cold"),
        ("jax", {"JAX_COMPILATION_CACHE_DIR": "/mine", "KERAS_HOME": "/tmp/a"}, "warm"),
        ("torch", {"TORCHINDUCTOR_CACHE_DIR": "/tmp/a/inductor", "KERAS_HOME": "/tmp/a"}, "cold"),
        ("torch", {"TORCHINDUCTOR_CACHE_DIR": "/mine", "KERAS_HOME": "/tmp/a"}, "warm"),
        ("tensorflow", {"JAX_COMPILATION_CACHE_DIR": "/mine"}, "cold"),
    ],
)
def test_compiled_programs_are_warm_only_in_a_folder_of_the_user(backend, variables, state):
    assert compilation_cache(backend, variables) == state
