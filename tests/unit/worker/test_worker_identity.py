"""What a side of a gate finds out about its own source is what the parent has planned."""

import sys
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from bench.core.cell import Cell
from bench.core.paths import CHECKOUT
from bench.core.workload import job_of, source_hash
from bench.regression.messages import Identity, SideJob
from bench.worker.lockstep import find_identity

RECIPE = """
RECIPE = {"optimizer": {"class_name": "Adam", "config": {"betas": (0.9, 1)}}, "metrics": ["mae"]}
from blocks import scale
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder with another lab.py, a user's file and a saved model."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "lab.py").write_text("from models import blocks")
    (tmp_path / "models" / "blocks.py").write_text("scale = 1")
    (tmp_path / "cnn.py").write_text(RECIPE)
    (tmp_path / "blocks.py").write_text("scale = 2")
    (tmp_path / "mine.keras").write_bytes(b"weights")
    return tmp_path


def worker_hash(name: str, folder: Path | None, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the hash that a worker of the workload `name` of a side finds."""
    cell = Cell(workload=name, dataset="digits", backend="jax", batch_size=8, epochs=1)
    expected = Identity(python="", versions={}, workload_source="", variables={})
    job = job_of(cell, Path(), "" if folder is None else str(folder))
    side = SideJob(job=job, identity=expected, requests_fd=0)
    imported = ModuleType("models")
    imported.__path__ = [str((folder or CHECKOUT) / "models")]
    monkeypatch.setitem(sys.modules, "models", imported)
    received = msgspec.json.decode(msgspec.json.encode(side), type=SideJob)
    return find_identity(received).workload_source


@pytest.mark.parametrize("name", ["lab_deep", "gpt_mini", "applications:MobileNetV2"])
def test_a_worker_finds_the_planned_hash_of_a_workload_of_this_checkout(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert worker_hash(name, None, monkeypatch) == source_hash(name)


def test_a_worker_finds_the_planned_hash_of_a_workload_of_another_folder(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = worker_hash("lab_baseline", source, monkeypatch)
    assert found == source_hash("lab_baseline", source)
    assert found != source_hash("lab_baseline")


@pytest.mark.parametrize("name", ["{}/cnn.py:build", "{}/mine.keras", "unsafe:{}/mine.keras"])
@pytest.mark.parametrize("from_folder", [True, False])
def test_a_worker_finds_the_planned_hash_of_a_users_workload(
    name: str, from_folder: bool, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workload, folder = name.format(source), source if from_folder else None
    assert worker_hash(workload, folder, monkeypatch) == source_hash(workload, folder)
