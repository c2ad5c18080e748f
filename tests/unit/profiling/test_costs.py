"""What each layer costs: the arithmetic on raw rows, and the coverage command with fake workers."""

from pathlib import Path

import pandas as pd
import pytest

from bench.core.cell import BACKENDS
from bench.profiling.columns import gaps_frame, layers_frame
from bench.profiling.messages import Timing
from bench.profiling.report import Findings, layers_markdown
from bench.profiling.samples import LayersError, append_samples, read_samples
from bench.storage.store import StoreError
from tests.fixtures.command_line import Bench
from tests.fixtures.fake_python import make_workload
from tests.fixtures.layer_rows import make_timing, make_visit, rounds, step, update

TINY = "synthetic:shape=4x4x1,classes=2,train=8,test=4"


def test_a_cost_is_the_median_of_a_process_and_then_of_the_rounds():
    visits = [
        make_visit("jax", number, make_timing("dense", *own), step(10.0))
        for number, own in enumerate([(1.0, 9.0, 2.0), (4.0, 4.0, 8.0), (3.0, 3.0, 3.0)])
    ]
    cost = Findings(visits).costs[0]
    assert cost.seconds == pytest.approx(0.003)
    assert cost.rounds == pytest.approx({0: 0.002, 1: 0.004, 2: 0.003})
    assert cost.share == pytest.approx(0.3)
    assert cost.spread_seconds == pytest.approx(0.002)


def test_calls_that_do_the_same_work_count_as_often_as_they_come():
    visits = rounds("jax", 2.0, shared_with=("dense_1", "dense_2"))
    frame = layers_frame(Findings(visits).costs)
    assert frame["calls"].tolist() == [3]
    assert frame["shared_with"].tolist() == ["dense_1 dense_2"]
    assert frame["ms"].tolist() == pytest.approx([6.0])


def test_a_gap_is_taken_within_each_round_whatever_the_machine_did_between_them():
    drift = [1.0, 3.0, 2.0, 5.0, 4.0, 6.0]
    visits = [*rounds("jax", *(6 * d for d in drift)), *rounds("torch", *drift)]
    (gap,) = Findings(visits).gaps
    assert (gap.slower, gap.faster, gap.rounds) == ("jax", "torch", 6)
    assert gap.ratio is not None
    assert tuple(gap.ratio)[:3] == pytest.approx((6.0, 6.0, 6.0))
    assert gap.difference is not None
    assert gap.difference_seconds == pytest.approx(0.0175)
    assert gap.difference.low < 0.0175 < gap.difference.high


def test_too_few_rounds_give_a_difference_and_no_ratio():
    findings = Findings([*rounds("jax", *[6.0] * 5), *rounds("torch", *[1.0] * 5)])
    frame = gaps_frame(findings.gaps)
    assert frame["difference_ms"].tolist() == pytest.approx([5.0])
    assert frame[["ratio", "ratio_low", "difference_ms_low"]].isna().all(axis=None)
    assert "no interval" in layers_markdown(findings)


def test_the_widest_gap_of_all_pairs_comes_first():
    ms = {"jax": 1.0, "tensorflow": 8.0, "torch": 3.0}
    visits = [visit for backend in BACKENDS for visit in rounds(backend, *[ms[backend]] * 6)]
    gaps = [(gap.slower, gap.faster) for gap in Findings(visits).gaps]
    assert gaps == [("tensorflow", "jax"), ("tensorflow", "torch"), ("torch", "jax")]


def test_a_round_that_one_backend_failed_is_no_part_of_its_gap():
    lost = make_visit("torch", 1, reason="killed by SIGKILL, possibly out of memory")
    findings = Findings([*rounds("jax", 5.0, 5.0), *rounds("torch", 1.0), lost])
    (gap,) = findings.gaps
    assert gap.rounds == 1
    assert findings.failures == [
        "lab_baseline on torch, round 2: killed by SIGKILL, possibly out of memory."
    ]
    assert "killed by SIGKILL" in layers_markdown(findings)


def test_layers_that_only_one_backend_has_make_no_gap_and_are_told():
    visits = [*rounds("jax", 5.0, index=3), *rounds("torch", 1.0, index=4)]
    findings = Findings(visits)
    assert findings.gaps == []
    assert findings.notes == [
        "lab_baseline: layer 3, dense, is on jax alone.",
        "lab_baseline: layer 4, dense, is on torch alone.",
    ]


def test_a_layer_that_could_not_be_called_alone_stays_with_its_reason():
    row = Timing(
        scope="layer", direction="gradient", name="odd", layer_class="Odd", reason="ValueError: no"
    )
    findings = Findings([make_visit("jax", 0, row, update(1.0), step(4.0))])
    frame = layers_frame(findings.costs)
    assert frame["reason"].tolist()[0] == "ValueError: no"
    assert pd.isna(frame["ms"][0])
    assert findings.notes == ["lab_baseline on jax: odd (gradient) was not timed: ValueError: no."]
    (coverage,) = findings.coverages
    assert (coverage.calls, coverage.missing) == (0, 1)
    assert "in 0 calls, 1 not timed" in layers_markdown(findings)


def test_the_layers_and_the_update_are_held_against_the_whole_step():
    layers = make_timing("dense", 2.0, shared_with=("dense_1",)), make_timing("pool", 3.0, index=2)
    model = make_timing("model", 6.0, scope="model")
    empty = make_timing("empty", 0.25, scope="empty")
    visits = [
        make_visit("jax", number, *layers, model, empty, update(1.0), step(10.0))
        for number in range(6)
    ]
    (coverage,) = Findings(visits).coverages
    assert coverage.layers == pytest.approx(0.8)
    assert coverage.layers_interval is not None
    assert tuple(coverage.layers_interval)[:3] == pytest.approx((0.8, 0.8, 0.8))
    assert coverage.model == pytest.approx(0.7)
    assert coverage.empty_seconds == pytest.approx(0.00025)
    assert coverage.calls == 3


@pytest.mark.parametrize(
    "fields", [{}, {"seconds": (0.1,), "reason": "x"}], ids=["neither", "both"]
)
def test_a_timing_has_either_seconds_or_a_reason(fields):
    with pytest.raises(ValueError, match="dense must have either seconds or a reason"):
        Timing(scope="layer", direction="forward", name="dense", layer_class="Dense", **fields)


def test_raw_rows_come_back_as_they_were_written(tmp_path: Path):
    visits = [*rounds("jax", 5.0), make_visit("torch", 0, reason="gone")]
    for visit in visits:
        append_samples(tmp_path, visit)
    assert read_samples(tmp_path) == visits


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("no json", "samples.jsonl, line 2 is damaged: "),
        ('{"layers_version": 1}', "samples.jsonl, line 2 is damaged: "),
        ('{"layers_version": 9}', "line 2 has layers version 9; this harness reads 1"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, line: str, says: str):
    append_samples(tmp_path, *rounds("jax", 5.0))
    with (tmp_path / "samples.jsonl").open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(LayersError, match=says):
        read_samples(tmp_path)


def test_rows_that_cannot_be_written_are_one_sentence(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"samples\.jsonl cannot be written: Not a directory\.$"):
        append_samples(tmp_path / "file", *rounds("jax", 5.0))


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capsys)


def layers(bench: Bench, *modes: str, more: tuple[str, ...] = ()) -> int:
    workloads = [make_workload(bench.folder, mode) for mode in modes]
    options = [f"--dataset={TINY}", *bench.pythons, f"--reports={bench.reports}"]
    return bench.call("profile-layers", *workloads, *options, *more)
