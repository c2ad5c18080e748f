"""What each layer costs: the arithmetic on raw rows, and the coverage command with fake workers."""

import json
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


def folder_of(bench: Bench) -> Path:
    (folder,) = (bench.reports / "layers").iterdir()
    return folder


@pytest.mark.usefixtures("own_signals")
class TestCommand:
    def test_every_round_turns_the_order_of_the_backends(self, bench: Bench) -> None:
        assert layers(bench, "ok", "also_ok", more=("--rounds=2",)) == 0
        visits = read_samples(folder_of(bench))
        names = [(Path(v.workload).name.partition(":")[2], v.round, v.backend) for v in visits]
        assert names == [
            (workload, number, backend)
            for workload in ("ok", "also_ok")
            for number, order in enumerate((BACKENDS, BACKENDS[::-1]))
            for backend in order
        ]
        assert [visit.position for visit in visits] == [0, 1, 2] * 4
        assert "(1/12)" in bench.out and "(12/12)" in bench.out

    def test_the_widest_gap_is_told_with_its_interval(self, bench: Bench) -> None:
        assert layers(bench, "ok") == 0
        lines = [line.split() for line in bench.out.splitlines()]
        rows = [line for line in lines if "(MaxPooling2D)" in line]
        assert " ".join(rows[0]) == (
            "pool (MaxPooling2D) jax 5.50 torch 0.90 4.60 [4.60, 4.60] 6.11 [6.11, 6.11]"
        )
        doubled = next(line for line in lines if "(Conv2D)" in line)
        assert " ".join(doubled).startswith("2 × conv (Conv2D) jax 8.00 torch 4.00 4.00")
        (coverage,) = [" ".join(line) for line in lines if "14.50" in line]
        assert coverage.endswith("jax 14.50 ms 97% [97%, 97%] in 3 97% 0.010 ms")

    def test_all_tables_are_made_again_of_the_raw_rows_alone(self, bench: Bench) -> None:
        assert layers(bench, "ok") == 0
        folder = folder_of(bench)
        names = ("layers.csv", "gaps.csv", "layers.md")
        before = {name: (folder / name).read_bytes() for name in names}
        assert len(before["layers.csv"].splitlines()) == 1 + 6 * 3
        for name in names:
            (folder / name).unlink()
        assert bench.call("profile-layers", f"--from={folder}", f"--reports={bench.reports}") == 0
        assert {name: (folder / name).read_bytes() for name in names} == before

    def test_json_holds_the_gaps(self, bench: Bench) -> None:
        assert layers(bench, "ok", more=("--json",)) == 0
        facts = json.loads(bench.out)
        assert facts["path"] == str(folder_of(bench))
        assert (facts["exit_code"], facts["failures"]) == (0, [])
        assert facts["rows"][0]["layer"] == "pool"

    @pytest.mark.parametrize(
        ("mode", "says"),
        [
            ("crash_on_torch", "on torch, round 1: exited with status 1 before it wrote a result"),
            ("fails_on_torch", "on torch, round 1: WorkloadError: tied to one backend."),
            ("garbage", "on jax, round 1: its report is unusable: Object missing required"),
        ],
    )
    def test_a_backend_that_fails_is_told_and_stops_no_other(
        self, bench: Bench, mode: str, says: str
    ) -> None:
        assert layers(bench, mode, more=("--rounds=1",)) == 1
        assert says in bench.out
        assert len(read_samples(folder_of(bench))) == 3
        frame = pd.read_csv(folder_of(bench) / "layers.csv")
        expected = set() if mode == "garbage" else {"jax", "tensorflow"}
        assert set(frame["backend"]) == expected

    def test_an_interruption_keeps_what_is_finished_with_its_tables(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from bench.profiling import run as measure

        done = []

        def interrupt(turn, *rest):
            if len(done) == 2:
                raise KeyboardInterrupt
            done.append(turn)
            return visit(turn, *rest)

        visit = measure._visit
        monkeypatch.setattr(measure, "_visit", interrupt)
        assert layers(bench, "ok") == 130
        assert len(read_samples(folder_of(bench))) == 2
        assert len(pd.read_csv(folder_of(bench) / "gaps.csv")) == 6

    @pytest.mark.parametrize(
        ("options", "code", "says"),
        [
            (("no_such_workload",), 2, "workload is 'no_such_workload'"),
            (("--dataset=no_such_dataset",), 2, "no_such_dataset"),
            (("--batch-size=2000000",), 2, "batch_size is 2000000; allowed"),
            (("--from=nowhere",), 2, "samples.jsonl cannot be read: No such file or directory."),
        ],
    )
    def test_a_wrong_option_is_one_sentence(
        self, bench: Bench, options: tuple[str, ...], code: int, says: str
    ) -> None:
        assert layers(bench, more=options) == code
        assert says in bench.err
        assert "Traceback" not in bench.err

    def test_a_reports_folder_that_cannot_be_made_is_told(self, bench: Bench) -> None:
        bench.reports.write_text("a file")
        assert layers(bench, "ok") == 4
        assert "cannot be written: Not a directory." in bench.err
