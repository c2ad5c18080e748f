"""A cell's digest does not depend on the process."""

import subprocess
import sys
from typing import Any

from bench.core.cell import Cell, digest
from bench.core.paths import CHECKOUT

FIELDS: dict[str, Any] = {
    "workload": "lab_baseline",
    "dataset": "digits",
    "backend": "jax",
    "lane": "default",
    "precision": "float32",
    "batch_size": 16,
    "epochs": 5,
    "seed": 0,
    "device": "cpu",
    "limit_train": None,
    "limit_test": None,
    "task": "fit",
}
FACTS: dict[str, Any] = {
    "workload_source": "a" * 64,
    "dataset_fingerprint": "b" * 64,
    "versions": {"keras": "3.15.1", "jax": "0.10.2"},
    "environment": {"JAX_PLATFORMS": "cpu", "OMP_NUM_THREADS": "2"},
}


def test_the_digest_is_the_same_in_another_process():
    code = f"from bench.core.cell import *; print(digest(Cell(**{FIELDS}), **{FACTS}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == digest(Cell(**FIELDS), **FACTS)
