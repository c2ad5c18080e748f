"""The environment of a worker: an allow-list, so that no unrecorded variable changes a result."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from bench.core.cell import Cell, is_script
from bench.core.paths import CHECKOUT

#: Passed on because a process needs them. They do not change any result.
_NEEDED: Final = frozenset(
    ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE"]
)

#: Passed on to scripts as well: their downloads need some of them, and plots one.
_NEEDED_BY_SCRIPTS: Final = frozenset(
    [
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
        *("REQUESTS_CA_BUNDLE", "XDG_CACHE_HOME", "HF_HOME", "TFDS_DATA_DIR", "MPLBACKEND"),
    ]
)

#: Passed on, recorded and covered by the digest, because they can change speed or numerics.
#: TensorFlow's are listed in detail, because Terraform's variables begin with TF_ too.
PERFORMANCE_PREFIXES: Final = (
    "ATEN_CPU_CAPABILITY",
    "CUDA_",
    "DNNL_",
    "GLIBC_TUNABLES",
    "GOMP_",
    "JAX_",
    "KERAS_NNX_ENABLED",
    "KERAS_TORCH_DEVICE",
    "KMP_",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "MALLOC_",
    "MKL_",
    "NVIDIA_",
    "OMP_",
    "ONEDNN_",
    "OPENBLAS_",
    "PYTORCH_",
    "TF_CPP_",
    "TF_CUDA_",
    "TF_CUDNN_",
    "TF_DETERMINISTIC_",
    "TF_DISABLE_",
    "TF_ENABLE_",
    "TF_FORCE_",
    "TF_GPU_",
    "TF_NUM_",
    "TF_USE_",
    "TF_XLA_",
    "TORCHINDUCTOR_",
    "TORCH_",
    "TRITON_",
    "XLA_",
)

#: The beginnings of variables that can change speed or numerics too, and do not reach a worker:
#: Keras, Python and the frameworks read many that are not listed above.
_NOTICED: Final = (
    *("ATEN_", "KERAS_", "NUMEXPR_"),
    *("PYTHONDEVMODE", "PYTHONMALLOC", "PYTHONOPTIMIZE", "PYTHONTRACEMALLOC"),
)
#: Those of them that the suite sets itself, or that belong to it.
_OUR_OWN: Final = ("KERAS_BACKEND", "KERAS_BENCH_", "KERAS_HOME")

#: Folders of compiled programs that outlive a process unless they are those of one launch. JAX
#: keeps none unless JAX_COMPILATION_CACHE_DIR names a folder.
_LAUNCH_CACHES: Final = {"TORCHINDUCTOR_CACHE_DIR": "inductor", "TRITON_CACHE_DIR": "triton"}

#: The variables that set a library's number of threads.
_THREAD_COUNTS: Final = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)

#: Without these, glibc returns the memory of every batch and page-faults it in again where a
#: backend copies batches from Python: TensorFlow's epochs of lab_baseline took twice the CPU
#: seconds. 32 MiB is the largest threshold that glibc accepts.
_KEEP_MEMORY: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
    "MALLOC_TOP_PAD_": str(64 * 2**20),
}

#: Never passed on or recorded, whatever the prefix; an example is NVIDIA_API_KEY. Not every name
#: with KEY is secret, because some options of JAX concern the key of its cache.
_SECRET: Final = re.compile(
    "(API|ACCESS|PRIVATE|SIGNING|SSH|NGC)_?KEY|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|COOKIE"
    "|AUTH(?!OR)|LICEN[CS]E|PWD|(?<![A-Z])PAT(?![A-Z])",
    re.IGNORECASE,
)


def is_performance_variable(name: str) -> bool:
    """Return whether a variable is passed on because it can change speed or numerics."""
    return name.startswith(PERFORMANCE_PREFIXES) and not _SECRET.search(name)


def dropped_variables(base_environment: Mapping[str, str]) -> list[str]:
    """Return the names of variables that may matter and do not reach a worker, sorted."""
    return sorted(
        name
        for name in base_environment
        if name.startswith(_NOTICED)
        and not name.startswith(_OUR_OWN)
        and not is_performance_variable(name)
        and not _SECRET.search(name)
    )


class CellEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """The environment of one cell's worker, resolved once per plan.

    `performance` holds the variables that can change speed or numerics, sorted; they are recorded
    and covered by the digest. `variables` holds these and all others except KERAS_HOME, which
    differs for each launch.
    """

    variables: dict[str, str] = {}
    performance: dict[str, str] = {}

    def for_launch(self, keras_home: Path) -> dict[str, str]:
        """Return the complete environment of one child process.

        `keras_home` is a folder used only by this launch, because a user's `keras.json` could
        silently change floatx, data format and epsilon. Compiled programs of PyTorch are kept
        there too, unless the user names a folder for them: a second launch would otherwise compile
        less than the first one.
        """
        caches = {name: str(keras_home / folder) for name, folder in _LAUNCH_CACHES.items()}
        return {**caches, **self.variables, "KERAS_HOME": str(keras_home)}


def resolve_environment(cell: Cell, base_environment: Mapping[str, str]) -> CellEnvironment:
    """Return the environment of a worker of `cell`, derived from `base_environment`.

    GPUs are hidden from a cell on the CPU, whatever `base_environment` contains. In the lane
    `matched`, every backend gets one thread per processor that is usable at this time (JAX has no
    such option and starts one for each), and the C library keeps freed memory.
    """
    performance = _performance_variables(cell, base_environment)
    needed = _NEEDED | (_NEEDED_BY_SCRIPTS if is_script(cell.workload) else frozenset())
    variables = {
        **{name: value for name, value in base_environment.items() if name in needed},
        "TF_CPP_MIN_LOG_LEVEL": "2",
        **performance,
        "KERAS_BACKEND": cell.backend,
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONUNBUFFERED": "1",
    }
    return CellEnvironment(variables=variables, performance=performance)


def _performance_variables(cell: Cell, base_environment: Mapping[str, str]) -> dict[str, str]:
    variables = {
        name: value for name, value in base_environment.items() if is_performance_variable(name)
    }
    if cell.device == "cpu":
        variables |= {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    if cell.lane == "matched":
        variables |= dict.fromkeys(_THREAD_COUNTS, str(len(os.sched_getaffinity(0))))
        variables |= _KEEP_MEMORY
    return dict(sorted(variables.items()))
