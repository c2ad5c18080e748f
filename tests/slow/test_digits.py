"""The lab's baseline learns the digits of the repository, by the whole command."""

from pathlib import Path

from tests.fixtures.bench_command import Bench, by_backend


def test_the_baseline_learns_the_digits_on_every_backend(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    done = bench("run", "--workload", "lab_baseline", "--epochs", "3", "--batch-size", "16")
    assert done.returncode == 0, done.stdout + done.stderr
    for record in by_backend(bench.records()).values():
        assert record.result is not None
        assert record.result.epochs[-1].val_accuracy is not None
        assert record.result.epochs[-1].val_accuracy >= 0.85
