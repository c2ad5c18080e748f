"""`profile-layers` on its real path, with fake workers."""

import json
from pathlib import Path

import pandas as pd
import pytest

from bench.core.cell import BACKENDS
from bench.profiling.samples import read_samples
from tests.fixtures.command_line import Bench
from tests.fixtures.fake_python import make_workload

TINY = "synthetic:shape=4x4x1,classes=2,train=8,test=4"


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
        (whole,) = [" ".join(line) for line in lines if "14.50" in line]
        assert whole.endswith("jax 14.50 ms 97% [97%, 97%] in 3 97% 0.010 ms")

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

        done: list[object] = []

        def interrupt(turn, *rest):
            if len(done) == 2:
                raise KeyboardInterrupt
            done.append(turn)
            return visit(turn, *rest)

        visit = measure._samples
        monkeypatch.setattr(measure, "_samples", interrupt)
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
