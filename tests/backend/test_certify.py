"""The certificate of lab_baseline on all three backends; tests/slow plants faults."""

import csv
import json

import msgspec
import pytest

from bench.parity.certificate import Certificate, read_certificates
from tests.fixtures.bench_command import Bench


@pytest.fixture(scope="module")
def certified(module_bench: Bench, all_cpus: None) -> Certificate:
    done = module_bench("certify", "lab_baseline", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    (certificate,), unusable = read_certificates(module_bench.reports)
    assert unusable == []
    facts = json.loads(done.stdout)
    assert [pair["parity"] for pair in facts["pairs"]] == ["certified"] * 3
    return certificate


def test_lab_baseline_is_one_function_on_all_backends(certified: Certificate) -> None:
    assert [pair.backends for pair in certified.pairs] == [
        ("jax", "tensorflow"),
        ("jax", "torch"),
        ("tensorflow", "torch"),
    ]
    assert {pair.verdict for pair in certified.pairs} == {"certified"}
    for pair in certified.pairs:
        assert pair.quantities > 40
        assert pair.max_bound_fraction is not None
        assert 0 < pair.max_bound_fraction < 1


def test_every_stage_was_compared(certified: Certificate, module_bench: Bench) -> None:
    (path,) = module_bench.reports.glob("certificates/*/lab_baseline/quantities.csv")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    stages = dict.fromkeys(row["stage"] for row in rows)
    assert list(stages) == [
        *("structure", "inference", "training", "loss", "gradient", "update"),
        *("steps", "evaluation"),
    ]
    counts = ("structure", "evaluation")
    sizes = {row["name"]: float(row["size"]) for row in rows if row["stage"] not in counts}
    assert {name for name, size in sizes.items() if size == 0.0} <= {
        name for name in sizes if name.endswith("without a gradient")
    }


def test_a_race_of_what_is_certified_says_so_and_another_seed_of_weights_too(
    certified: Certificate, module_bench: Bench
) -> None:
    tiny = ("--dataset", "digits", "--epochs", "2", "--batch-size", "16")
    limits = ("--limit-train", "160", "--limit-test", "40")
    done = module_bench("race", "--workload", "lab_baseline", *tiny, *limits, "--rounds", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = module_bench.reports.glob("runs/*/ratios.csv")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["parity"] for row in rows} == {"certified"}
    assert "; certified" in done.stdout
    kept = json.loads((path.parent / "certificates.json").read_text())
    assert msgspec.convert(kept, list[Certificate]) == [certified]
