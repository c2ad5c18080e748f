"""The environment of a worker: only what is on the list, and the same for every user."""

import os
from pathlib import Path

import msgspec
import pytest

from bench.core.cell import Cell
from bench.core.paths import CHECKOUT
from bench.system.environment import performance_variables, worker_environment

CPU = Cell(workload="lab_baseline", dataset="digits", backend="torch", batch_size=16, epochs=5)
GPU = Cell(
    workload="lab_baseline", dataset="digits", backend="jax", batch_size=16, epochs=5, device="gpu"
)
HOME = Path("/tmp/keras-home")
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "hidden",
    "GITHUB_TOKEN": "hidden",
    "NVIDIA_API_KEY": "hidden",
    "TF_VAR_password": "hidden",
    "TF_TOKEN_app_terraform_io": "hidden",
    "HF_TOKEN": "hidden",
    "NVIDIA_LICENSE": "hidden",
    "NVIDIA_PAT": "hidden",
    "JAX_PROXY_PWD": "hidden",
}
SILENT = {
    "KERAS_BACKEND": "mxnet",
    "KERAS_HOME": "/home/me/.keras",
    "PYTHONPATH": "/home/me/lib",
    "PYTHONSTARTUP": "/home/me/.pythonrc",
    "PYTHONHOME": "/opt",
    "LD_PRELOAD": "libodd.so",
}
DECISIVE = {
    "CUDA_CACHE_DISABLE": "1",
    "JAX_ENABLE_X64": "0",
    "KMP_AFFINITY": "compact",
    "MKL_NUM_THREADS": "2",
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTRAOP_THREADS": "2",
    "TORCH_LOGS": "+dynamo",
    "XLA_FLAGS": "--xla_cpu_foo",
}


def test_the_matched_lane_tells_every_library_the_same_threads_and_malloc_to_keep_memory():
    matched = msgspec.structs.replace(CPU, lane="matched")
    usable = str(len(os.sched_getaffinity(0)))
    added = performance_variables(matched, {}).items() - performance_variables(CPU, {}).items()
    threads = {name: value for name, value in added if not name.startswith("MALLOC_")}
    assert threads == {
        "OMP_NUM_THREADS": usable,
        "MKL_NUM_THREADS": usable,
        "TF_NUM_INTRAOP_THREADS": usable,
        "TF_NUM_INTEROP_THREADS": usable,
    }
    assert {name for name, _ in added - threads.items()} == {
        "MALLOC_MMAP_THRESHOLD_",
        "MALLOC_TRIM_THRESHOLD_",
        "MALLOC_TOP_PAD_",
    }


def test_a_worker_gets_its_backend_its_own_keras_home_and_the_checkout():
    environment = worker_environment(CPU, {}, HOME)
    assert environment["KERAS_BACKEND"] == "torch"
    assert environment["KERAS_HOME"] == str(HOME)
    assert environment["PYTHONPATH"] == str(CHECKOUT)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_reaches_neither_worker_nor_record(name):
    assert name not in worker_environment(CPU, SECRETS, HOME)
    assert name not in performance_variables(CPU, SECRETS)


@pytest.mark.parametrize("name", SILENT)
def test_what_could_change_a_number_unseen_does_not_reach_the_worker(name):
    environment = worker_environment(CPU, SILENT, HOME)
    assert environment.get(name) != SILENT[name]
    assert name not in performance_variables(CPU, SILENT)


@pytest.mark.parametrize("name", DECISIVE)
def test_what_changes_speed_or_numerics_reaches_the_worker_and_the_record(name):
    assert worker_environment(CPU, DECISIVE, HOME)[name] == DECISIVE[name]
    assert performance_variables(CPU, DECISIVE)[name] == DECISIVE[name]


def test_a_cell_on_the_cpu_sees_no_gpu_whatever_the_user_set():
    base_environment = {"CUDA_VISIBLE_DEVICES": "0,1", "JAX_PLATFORMS": "cuda"}
    for environment in (
        worker_environment(CPU, base_environment, HOME),
        performance_variables(CPU, base_environment),
    ):
        assert environment["CUDA_VISIBLE_DEVICES"] == ""
        assert environment["JAX_PLATFORMS"] == "cpu"


def test_a_cell_on_the_gpu_sees_the_gpus_that_the_user_chose():
    assert performance_variables(GPU, {"CUDA_VISIBLE_DEVICES": "1"}) == {
        "CUDA_VISIBLE_DEVICES": "1"
    }
    assert performance_variables(GPU, {}) == {}


def test_what_a_process_needs_is_passed_on_and_not_recorded():
    base_environment = {"PATH": "/bin", "HOME": "/home/me", "TMPDIR": "/scratch"}
    assert base_environment.items() <= worker_environment(CPU, base_environment, HOME).items()
    assert not base_environment.keys() & performance_variables(CPU, base_environment)


def test_the_recorded_variables_are_sorted():
    assert list(performance_variables(CPU, DECISIVE)) == sorted(
        performance_variables(CPU, DECISIVE)
    )
