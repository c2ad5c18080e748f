"""The environment of a worker: an allow-list, so that nothing unseen changes a number."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench.core.cell import Cell
from bench.core.paths import CHECKOUT

#: Passed on because a process needs them; they do not change what is computed.
_NEEDED: Final = frozenset(
    ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE"]
)

#: Passed on, kept in the record and covered by the digest: they change speed or numerics.
#: TensorFlow's are spelt out, since Terraform's variables begin with TF_ too.
PERFORMANCE_PREFIXES: Final = (
    "CUDA_",
    "GLIBC_TUNABLES",
    "GOMP_",
    "JAX_",
    "KERAS_NNX_ENABLED",
    "KERAS_TORCH_DEVICE",
    "KMP_",
    "MALLOC_",
    "MKL_",
    "NVIDIA_",
    "OMP_",
    "OPENBLAS_",
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
    "TORCH_",
    "XLA_",
)

#: The variables that tell a library how many threads to use.
_THREAD_COUNTS: Final = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)

#: Else glibc hands the memory of every batch back and faults it in again where a backend copies
#: batches from Python: TensorFlow's epochs of lab_baseline took twice the CPU seconds. 32 MiB is
#: the largest threshold that glibc accepts.
_KEEP_MEMORY: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
    "MALLOC_TOP_PAD_": str(64 * 2**20),
}

#: Never passed on or recorded, whatever the prefix: NVIDIA_API_KEY is the common one. Not every
#: KEY: some options of JAX are about the key of its cache.
_SECRET: Final = re.compile(
    "(API|ACCESS|PRIVATE|SIGNING|SSH|NGC)_?KEY|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|COOKIE"
    "|AUTH(?!OR)|LICEN[CS]E|PWD|(?<![A-Z])PAT(?![A-Z])",
    re.IGNORECASE,
)


def is_decisive(name: str) -> bool:
    """Return whether a worker gets this variable because it can change speed or numerics."""
    return name.startswith(PERFORMANCE_PREFIXES) and not _SECRET.search(name)


def performance_variables(cell: Cell, base_environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables a worker of `cell` gets that can change speed or numerics, sorted.

    A cell on the CPU sees no GPU, whatever `base_environment` has. In the lane `matched` every
    backend gets the same number of threads (JAX, which has no such option, takes one for each
    usable core) and the C library keeps freed memory.
    """
    found = {name: value for name, value in base_environment.items() if is_decisive(name)}
    if cell.device == "cpu":
        found |= {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    if cell.lane == "matched":
        found |= dict.fromkeys(_THREAD_COUNTS, str(len(os.sched_getaffinity(0))))
        found |= _KEEP_MEMORY
    return dict(sorted(found.items()))


def worker_environment(
    cell: Cell, base_environment: Mapping[str, str], keras_home: Path
) -> dict[str, str]:
    """Return the whole environment of a worker of `cell`.

    `keras_home` is a folder of this launch alone: a user's `keras.json` could silently change
    floatx, data format and epsilon.
    """
    return {
        **{name: value for name, value in base_environment.items() if name in _NEEDED},
        "TF_CPP_MIN_LOG_LEVEL": "2",
        **performance_variables(cell, base_environment),
        "KERAS_BACKEND": cell.backend,
        "KERAS_HOME": str(keras_home),
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONUNBUFFERED": "1",
    }
