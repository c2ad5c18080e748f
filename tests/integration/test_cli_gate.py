"""`gate`, `accuracy` and `baseline` on their real path, with fake sides and fake workers."""

import json
from functools import partial
from pathlib import Path

import pytest

from bench.core.exit_codes import ExitCode
from bench.regression import gate_run as gating
from bench.regression import lockstep
from bench.regression.measure import measure_gate
from bench.regression.pair import Pair
from bench.storage.store import Store
from bench.system.interpreter import probe_versions
from tests.fixtures.command_line import Bench
from tests.fixtures.fake_python import make_fake_python, make_workload
from tests.fixtures.sides import time_turns_by_slices

pytestmark = pytest.mark.usefixtures("own_signals")

TINY = "synthetic:shape=4x4x1,classes=2,train=8,test=4"


@pytest.fixture
def bench(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Bench:
    monkeypatch.setattr(lockstep, "SLICE_SECONDS", 0.005)
    time_turns_by_slices(monkeypatch)
    return Bench(tmp_path, capsys)


def sides(bench: Bench, candidate: str = "", backend: str = "jax") -> list[str]:
    """Return options for a gate of one tiny cell between two sides of the fake Python."""
    python = f"python={make_fake_python(bench.folder)}"
    return [
        f"--baseline={python}",
        f"--candidate={python},{candidate}".rstrip(","),
        f"--dataset={TINY}",
        f"--backend={backend}",
        f"--reports={bench.reports}",
    ]


def gate_folder(bench: Bench) -> Path:
    (folder,) = (bench.reports / "gates").iterdir()
    return folder


def test_a_slower_candidate_is_a_regression_with_its_own_exit_code(bench: Bench) -> None:
    assert bench.call("gate", *sides(bench, "env.XLA_FAKE=slow")) == ExitCode.REGRESSED == 10
    folder = gate_folder(bench)
    assert f"Verdicts: {folder}/verdicts.csv" in bench.out
    content = json.loads((folder / "verdicts.json").read_bytes())
    (verdict,) = content["outcome"]["verdicts"]
    assert verdict["verdict"] == "regressed"
    assert content["plan"]["sides"][1].endswith("env.XLA_FAKE=slow")
    assert len((folder / "slices.csv").read_text().splitlines()) == 1 + 15 * 24


def test_json_holds_the_rows_and_the_exit_code(bench: Bench) -> None:
    code = bench.call("gate", *sides(bench, "env.XLA_FAKE=slow"), "--json")
    facts = json.loads(bench.out)
    assert facts["exit_code"] == code == 10
    assert [row["kind"] for row in facts["rows"]] == ["cell", "negative", "positive"]


def test_a_candidate_that_cannot_train_is_invalid_and_says_why(bench: Bench) -> None:
    assert bench.call("gate", *sides(bench, "env.XLA_FAKE=trouble")) == ExitCode.INVALID == 12
    assert "candidate failed: ValueError: no such layer" in bench.out


def test_a_side_without_an_interpreter_is_invalid_and_not_left_out(bench: Bench) -> None:
    options = [*sides(bench)[1:], "--baseline=python=/nowhere/python"]
    assert bench.call("gate", *options) == ExitCode.INVALID
    assert "/nowhere/python cannot be run" in bench.out


def test_a_side_that_is_no_side_is_refused(bench: Bench) -> None:
    assert bench.call("gate", "--candidate=pyhton=/x") == ExitCode.USAGE
    assert bench.err.startswith("side 'pyhton=/x' has the invalid part")


def run_seeds(bench: Bench, seeds: int = 2) -> str:
    """Run the fake worker's cell with some seeds; return the run's id."""
    assert bench.run("ok", more=(f"--seeds={seeds}",)) == 0
    (run_id,) = Store(bench.reports).run_ids()
    return run_id


def test_a_kept_baseline_screens_and_never_passes(bench: Bench) -> None:
    run_id = run_seeds(bench)
    assert bench.call("save-baseline", "main", run_id, f"--reports={bench.reports}") == 0
    options = [f"--candidate=python={make_fake_python(bench.folder)}", "--baseline=baseline=main"]
    code = bench.call("gate", *options, f"--reports={bench.reports}")
    assert code == ExitCode.INCONCLUSIVE == 11
    assert "Stored records allow screening only" in bench.out


def test_accuracy_passes_on_equal_seeds_of_a_kept_baseline(bench: Bench) -> None:
    run_id = run_seeds(bench, seeds=3)
    bench.call("save-baseline", "main", run_id, f"--reports={bench.reports}")
    options = [f"--candidate=python={make_fake_python(bench.folder)}", "--baseline=baseline=main"]
    # Four validation images are coarse: what rounding may hide is many points.
    code = bench.call("gate-accuracy", *options, "--margin=60", f"--reports={bench.reports}")
    assert (code, "3 stored (not trained again), 0 to train" in bench.out) == (ExitCode.OK, True)


def test_accuracy_trains_both_sides_with_every_seed(bench: Bench) -> None:
    workload = make_workload(bench.folder, "ok")
    options = [*sides(bench, "env.XLA_FAKE=other"), f"--workload={workload}", "--seeds=2"]
    tiny = ["--epochs=2", "--batch-size=4", "--margin=90"]
    assert bench.call("gate-accuracy", *options, *tiny) == ExitCode.OK
    records = Store(bench.reports).load_all()
    assert sorted(record.cell.seed for record in records) == [0, 0, 1, 1]
    assert len({record.digest for record in records}) == 4
    assert bench.call("gate-accuracy", *options, *tiny) == ExitCode.OK
    assert "4 stored (not trained again), 0 to train" in bench.out


def test_margins_the_wrong_way_round_are_refused(bench: Bench) -> None:
    code = bench.call("gate", *sides(bench), "--noise-threshold=5", "--fail-threshold=2")
    assert code == ExitCode.USAGE
    assert "noise threshold (5%)" in bench.err


@pytest.mark.parametrize(("mode", "status"), [("reason", 13), ("crash", 12)])
def test_a_diverged_candidate_is_a_regression_and_a_broken_one_invalid(
    bench: Bench, mode: str, status: int
) -> None:
    run_id = run_seeds(bench)
    bench.call("save-baseline", "main", run_id, f"--reports={bench.reports}")
    for path in bench.folder.glob("reports/baselines/main/records/*.json"):
        path.write_text(path.read_text().replace("fake_workload.py:ok", f"fake_workload.py:{mode}"))
    options = [f"--candidate=python={make_fake_python(bench.folder)}", "--baseline=baseline=main"]
    assert bench.call("gate-accuracy", *options, f"--reports={bench.reports}") == status


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("save-baseline", "../x", "RUN"), "not a valid baseline name"),
        (("save-baseline", "new", "nothing"), "Run 'nothing' does not exist"),
        (
            ("gate-accuracy", "--candidate=", "--baseline=baseline=old"),
            "There is no baseline 'old'",
        ),
    ],
)
def test_a_baseline_that_cannot_be_is_named(
    bench: Bench, arguments: tuple[str, ...], names: str
) -> None:
    assert bench.call(*arguments, f"--reports={bench.reports}") in (2, 4)
    assert names in bench.err


def test_a_baseline_is_never_overwritten(bench: Bench) -> None:
    run_id = run_seeds(bench)
    keep = ("save-baseline", "main", run_id, f"--reports={bench.reports}")
    assert bench.call(*keep) == 0
    assert bench.call(*keep) == ExitCode.USAGE
    assert "The baseline 'main' already exists" in bench.err


def interrupt_after(monkeypatch: pytest.MonkeyPatch, pairs: int) -> None:
    """Let the gate be interrupted as by Ctrl-C when it has so many pairs."""
    left = [pairs]

    def run(*arguments: object) -> Pair:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return lockstep.run_pair(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(gating, "measure_gate", partial(measure_gate, runner=run))


def test_an_interrupted_gate_is_resumed_and_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt_after(patch, 4)
        assert bench.call("gate", *sides(bench, "env.XLA_FAKE=slow")) == ExitCode.INTERRUPTED
    folder = gate_folder(bench)
    call = f"-m bench gate --resume {folder.name} --reports {bench.reports}` continues there."
    assert "Interrupted. Every finished pair is kept; " in bench.err
    assert call in bench.err
    assert bench.call("gate", "--resume", f"--reports={bench.reports}") == ExitCode.REGRESSED
    assert "4 pairs are kept" in bench.out
    assert "Measured in 2 sessions: 4 pairs on " in bench.out
    content = json.loads((folder / "verdicts.json").read_bytes())
    assert [each["kept"] for each in content["sessions"]] == [0, 4]
    rows = (folder / "pairs.csv").read_text().splitlines()
    assert len(rows) == 1 + 15
    assert bench.call("gate", "--resume", f"--reports={bench.reports}") == ExitCode.USAGE
    assert "There is no unfinished gate in " in bench.err
    assert bench.call("gate", "--resume", folder.name, f"--reports={bench.reports}") == 2
    assert f"{folder.name} is complete and has its verdicts." in bench.err


def test_a_gate_of_which_a_side_changed_is_not_resumed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        assert bench.call("gate", *sides(bench)) == ExitCode.INTERRUPTED
    before = (gate_folder(bench) / "pairs.jsonl").read_bytes()
    monkeypatch.setenv("FAKE_KERAS", "3.99.0")
    probe_versions.cache_clear()
    assert bench.call("gate", "--resume", f"--reports={bench.reports}") == ExitCode.USAGE
    assert (
        "cannot be resumed because its pairs would not be comparable: the baseline's " in bench.err
    )
    assert "keras was 3.15.1 and is 3.99.0" in bench.err
    assert (gate_folder(bench) / "pairs.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--resume", "../elsewhere"], "There is no gate '../elsewhere' in "),
        (["--resume", "--fail-threshold=9"], "--fail-threshold cannot be given with --resume"),
        (["--resume"], "There is no unfinished gate in "),
    ],
)
def test_what_cannot_be_resumed_is_told(bench: Bench, words: list[str], says: str) -> None:
    assert bench.call("gate", *words, f"--reports={bench.reports}") == ExitCode.USAGE
    assert says in bench.err
