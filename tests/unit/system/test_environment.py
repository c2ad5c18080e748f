"""The environment of a worker: only what is on the list, and the same for every user."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.core.cell import Cell
from bench.core.paths import CHECKOUT
from bench.system.environment import dropped_variables, resolve_environment

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
    "KERAS_MAX_EPOCHS": "1",
}
PERFORMANCE = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "CUDA_CACHE_DISABLE": "1",
    "DNNL_MAX_CPU_ISA": "AVX2",
    "LD_LIBRARY_PATH": "/opt/lib",
    "LD_PRELOAD": "libjemalloc.so.2",
    "ONEDNN_VERBOSE": "0",
    "PYTORCH_ALLOC_CONF": "x",
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
    added = (
        resolve_environment(matched, {}).performance.items()
        - resolve_environment(CPU, {}).performance.items()
    )
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
    environment = resolve_environment(CPU, {}).for_launch(HOME)
    assert environment["KERAS_BACKEND"] == "torch"
    assert environment["KERAS_HOME"] == str(HOME)
    assert environment["PYTHONPATH"] == str(CHECKOUT)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_reaches_neither_worker_nor_record(name):
    assert name not in resolve_environment(CPU, SECRETS).for_launch(HOME)
    assert name not in resolve_environment(CPU, SECRETS).performance


@pytest.mark.parametrize("name", SILENT)
def test_what_could_change_a_number_unseen_does_not_reach_the_worker(name):
    environment = resolve_environment(CPU, SILENT).for_launch(HOME)
    assert environment.get(name) != SILENT[name]
    assert name not in resolve_environment(CPU, SILENT).performance


@pytest.mark.parametrize("name", PERFORMANCE)
def test_what_changes_speed_or_numerics_reaches_the_worker_and_the_record(name):
    assert resolve_environment(CPU, PERFORMANCE).for_launch(HOME)[name] == PERFORMANCE[name]
    assert resolve_environment(CPU, PERFORMANCE).performance[name] == PERFORMANCE[name]


def test_what_may_matter_and_is_dropped_is_named():
    given = {**SILENT, **PERFORMANCE, **SECRETS, "TF_CLI_ARGS": "1", "PYTHONOPTIMIZE": "1"}
    assert dropped_variables(given) == ["KERAS_MAX_EPOCHS", "PYTHONOPTIMIZE"]
    assert dropped_variables(PERFORMANCE) == []


def test_a_cell_on_the_cpu_sees_no_gpu_whatever_the_user_set():
    base_environment = {"CUDA_VISIBLE_DEVICES": "0,1", "JAX_PLATFORMS": "cuda"}
    for environment in (
        resolve_environment(CPU, base_environment).for_launch(HOME),
        resolve_environment(CPU, base_environment).performance,
    ):
        assert environment["CUDA_VISIBLE_DEVICES"] == ""
        assert environment["JAX_PLATFORMS"] == "cpu"


def test_a_cell_on_the_gpu_sees_the_gpus_that_the_user_chose():
    assert resolve_environment(GPU, {"CUDA_VISIBLE_DEVICES": "1"}).performance == {
        "CUDA_VISIBLE_DEVICES": "1"
    }
    assert resolve_environment(GPU, {}).performance == {}


def test_what_a_process_needs_is_passed_on_and_not_recorded():
    base_environment = {"PATH": "/bin", "HOME": "/home/me", "TMPDIR": "/scratch"}
    assert (
        base_environment.items()
        <= resolve_environment(CPU, base_environment).for_launch(HOME).items()
    )
    assert not base_environment.keys() & resolve_environment(CPU, base_environment).performance


def test_the_recorded_variables_are_sorted():
    assert list(resolve_environment(CPU, PERFORMANCE).performance) == sorted(
        resolve_environment(CPU, PERFORMANCE).performance
    )


@pytest.mark.parametrize("cell", [CPU, GPU, msgspec.structs.replace(CPU, lane="matched")])
def test_a_resolved_environment_holds_its_performance_variables_and_no_keras_home(cell):
    environment = resolve_environment(cell, {**PERFORMANCE, **SILENT, "PATH": "/bin"})
    assert environment.performance.items() <= environment.variables.items()
    assert "KERAS_HOME" not in environment.variables
    own = {
        "KERAS_HOME": str(HOME),
        "TORCHINDUCTOR_CACHE_DIR": f"{HOME}/inductor",
        "TRITON_CACHE_DIR": f"{HOME}/triton",
    }
    assert environment.for_launch(HOME) == {**environment.variables, **own}


def test_a_resolved_environment_does_not_follow_what_is_set_later(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    environment = resolve_environment(CPU, os.environ)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert environment.for_launch(HOME)["OMP_NUM_THREADS"] == "2"
    assert environment.performance["OMP_NUM_THREADS"] == "2"


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "HF_HOME", "MPLBACKEND"])
def test_what_downloads_and_plots_need_reaches_scripts_only(name):
    fields: dict[str, Any] = {
        "dataset": "own",
        "backend": "jax",
        "batch_size": None,
        "epochs": None,
    }
    script = Cell(workload="script:/a/train.py", **fields)
    model = Cell(workload="mlp", **{**fields, "batch_size": 8, "epochs": 1})
    given = {name: "x"}
    assert resolve_environment(script, given).variables[name] == "x"
    assert name not in resolve_environment(script, given).performance
    assert name not in resolve_environment(model, given).variables


def test_each_launch_keeps_its_compiled_programs_to_itself_unless_the_user_names_a_folder():
    home = Path("/tmp/launch")
    own = resolve_environment(CPU, {}).for_launch(home)
    assert own["TORCHINDUCTOR_CACHE_DIR"] == "/tmp/launch/inductor"
    chosen = resolve_environment(CPU, {"TORCHINDUCTOR_CACHE_DIR": "/mine"})
    assert chosen.for_launch(home)["TORCHINDUCTOR_CACHE_DIR"] == "/mine"
    assert chosen.performance["TORCHINDUCTOR_CACHE_DIR"] == "/mine"
