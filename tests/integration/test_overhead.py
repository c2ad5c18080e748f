"""The harness's overhead, measured on fake processes."""

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from bench.core.paths import CHECKOUT
from bench.storage.store import StoreError
from bench.system.interpreter import Interpreter
from tests.fixtures.present import present, text_on
from validation.overhead.pairs import CostKind, CostPair, order_of
from validation.overhead.report import overhead_csv
from validation.overhead.run import Overhead, measure_overhead

FAKE = CHECKOUT / "tests" / "fixtures" / "fake_overhead.py"


def make_pair(kind: CostKind, index: int, plain: float, harness: float, **fields) -> CostPair:
    return CostPair(
        **{"backend": "jax", "train_images": 512, **fields},
        kind=kind,
        pair=index,
        order=order_of(index),
        seconds_plain=plain,
        seconds_harness=harness,
    )


def launches(added: list[float], share: float = 0.001) -> list[CostPair]:
    """Return pairs of launches of 8 s and these seconds more, `share` of them in the parent."""
    return [
        make_pair("launch", index, 8.0, 8.0 + more, parent_cpu_seconds=share * (8.0 + more))
        for index, more in enumerate(added)
    ]


def make_interpreter(folder: Path, backend: str = "jax", broken: str = "none") -> Interpreter:
    path = folder / f"python-{backend}"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{FAKE}" {broken} "$@"\n')
    path.chmod(0o755)
    return Interpreter(backend=backend, python=str(path), versions={"keras": "3.15.1"})


def measure(folder: Path, *interpreters: Interpreter, **options) -> tuple[Overhead, str]:
    """Return what was measured, and what was printed."""
    console = Console(file=io.StringIO(), width=120)
    options = {"pairs": 6, "launches": 6, "folder": folder / "overhead", **options}
    return measure_overhead(interpreters, console=console, **options), text_on(console)


def test_every_backend_is_measured_and_written_down(tmp_path):
    backends = ("jax", "torch")
    overhead, printed = measure(tmp_path, *(make_interpreter(tmp_path, b) for b in backends))
    assert overhead.failures == ()
    kinds = [(pair.backend, pair.kind, pair.pair) for pair in overhead.pairs]
    assert kinds == [(b, k, i) for b in backends for k in ("callbacks", "launch") for i in range(6)]
    assert (tmp_path / "overhead" / "overhead.csv").read_text() == overhead_csv(overhead.pairs)
    document = (tmp_path / "overhead" / "overhead.md").read_text()
    assert "1.0010" in document and "keras=3.15.1" in document
    lines = printed.splitlines()
    assert lines[0] == "(1/4) jax-callbacks: 6 pairs, about 4 min left"
    assert lines[1].startswith("(1/4) jax-callbacks: measured in ")
    assert lines[6].startswith("(4/4) torch-launch: 6 pairs, about ")
    assert "Cost of the harness" in lines[8]


def test_launches_are_timed_on_both_sides_with_this_process_beside_them(tmp_path):
    overhead, _ = measure(tmp_path, make_interpreter(tmp_path), pairs=1, launches=2)
    epoch, first, second = overhead.pairs
    assert [first.order, second.order] == ["plain first", "harness first"]
    assert present(first.parent_cpu_seconds) > 0 and present(second.parent_cpu_seconds) > 0
    assert (epoch.kind, epoch.parent_cpu_seconds) == ("callbacks", None)


@pytest.mark.parametrize(
    ("broken", "head"),
    [
        ("callbacks", "jax-callbacks: exited with status 1"),
        ("plain", "jax-launch, plain script: exited with status 1"),
        ("worker", "jax-launch, harness: exited with status 1"),
    ],
)
def test_a_part_that_fails_is_told_with_its_reason_and_stops_no_other(tmp_path, broken, head):
    broken_jax = make_interpreter(tmp_path, "jax", broken)
    overhead, printed = measure(tmp_path, broken_jax, make_interpreter(tmp_path, "torch"))
    (failure,) = overhead.failures
    assert failure.startswith(head) and failure.endswith("no such layer.")
    assert f"FAILED: {failure}" in printed
    assert head in (tmp_path / "overhead" / "overhead.md").read_text()
    assert len(overhead.pairs) == 3 * 6


def test_an_interruption_keeps_the_parts_before_it(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("validation.overhead.measure._pair", interrupt)
    with pytest.raises(KeyboardInterrupt):
        measure(tmp_path, make_interpreter(tmp_path))
    rows = (tmp_path / "overhead" / "overhead.csv").read_text().splitlines()
    assert len(rows) == 1 + 6


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "overhead").touch()
    with pytest.raises(StoreError, match=r"overhead cannot be written: Not a directory\.$"):
        measure(tmp_path, make_interpreter(tmp_path))
