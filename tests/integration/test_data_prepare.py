"""Preparing a dataset in processes of its own."""

import os
import subprocess
import sys
from pathlib import Path

from bench.core.paths import CHECKOUT
from data.dataset import open_dataset
from tests.fixtures.processes import patient

ROOT = CHECKOUT


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_two_processes_that_prepare_at_once_end_with_one_valid_folder(tmp_path):
    code = "import sys, pathlib; from data.prepare import prepare\n"
    code += "print(prepare('digits', cache_dir=pathlib.Path(sys.argv[1])))"
    command = [sys.executable, "-c", code, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    workers = [
        subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    printed = [worker.communicate(timeout=patient())[0].strip() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert printed[0] == printed[1]
    assert names_in(tmp_path / "prepared-v1") == [Path(printed[0]).name]
    assert open_dataset(Path(printed[0])).manifest.name == "digits"


def test_preparing_imports_no_framework_and_no_downloader():
    code = "import sys, data.prepare, data.dataset; print(*sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    output = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    unwanted = {"keras", "jax", "tensorflow", "torch", "pooch", "requests", "bench", "models"}
    assert not unwanted & set(output.split())
