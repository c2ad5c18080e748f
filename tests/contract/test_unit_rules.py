"""The rules of tests/unit hold there, and a test that breaks one fails with a sentence."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from bench.core.paths import CHECKOUT

STARTS = """
import subprocess, sys

def test_it():
    subprocess.run([sys.executable, "-c", ""])
"""
STARTS_AND_HIDES = """
import os

def test_it():
    try:
        os.system("true")
    except Exception:
        pass
"""
FORKS_IN_A_FIXTURE = """
import os
import pytest

@pytest.fixture
def child():
    if os.fork() == 0:
        os._exit(0)

def test_it(child):
    pass
"""
SPINS = """
import time

def test_it():
    begin = time.process_time()
    while time.process_time() - begin < 1.05:
        pass
"""
WAITS = """
import threading

def test_it():
    threading.Event().wait(1.05)
"""


SOURCES = {
    "starts": STARTS,
    "starts_and_hides": STARTS_AND_HIDES,
    "forks_in_a_fixture": FORKS_IN_A_FIXTURE,
    "spins": SPINS,
    "waits": WAITS,
}


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the summary line of each source, all run under the conftest of tests/unit."""
    folder = tmp_path_factory.mktemp("unit")
    shutil.copy(CHECKOUT / "tests" / "unit" / "conftest.py", folder / "conftest.py")
    for name, source in SOURCES.items():
        (folder / f"test_{name}.py").write_text(source)
    ours = ("PYTEST", "BENCH_TEST_PATIENCE")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    options = ["-rA", "-p", "no:cacheprovider", "-p", "no:xdist", f"--rootdir={folder}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", os.devnull, *options, str(folder)],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(CHECKOUT), "COLUMNS": "400"},
        capture_output=True,
        text=True,
    )
    found = re.findall(r"^([A-Z]+ test_(\w+)\.py::test_it.*)$", done.stdout, re.MULTILINE)
    assert len(found) == len(SOURCES), done.stdout + done.stderr
    return {name: line for line, name in found}


@pytest.mark.parametrize(
    ("name", "outcome", "sentence"),
    [
        ("starts", "FAILED", "A unit test starts a process (subprocess.Popen "),
        ("starts_and_hides", "FAILED", "A unit test starts a process (os.system "),
        ("forks_in_a_fixture", "ERROR", "A unit test starts a process (os.fork)"),
        ("spins", "FAILED", "s of the processor, where 1 s are allowed"),
    ],
)
def test_a_test_that_breaks_a_rule_fails(
    summary: dict[str, str], name: str, outcome: str, sentence: str
) -> None:
    assert summary[name].startswith(outcome)
    assert sentence in summary[name]


def test_a_test_that_a_busy_machine_keeps_waiting_passes(summary: dict[str, str]) -> None:
    assert summary["waits"].startswith("PASSED")


def test_every_folder_of_unit_is_a_room() -> None:
    rooms = {path.name for path in (CHECKOUT / "bench").iterdir() if path.is_dir()}
    folders = {path.parent.name for path in (CHECKOUT / "tests" / "unit").rglob("test_*.py")}
    assert folders <= rooms | {"data", "validation"}
