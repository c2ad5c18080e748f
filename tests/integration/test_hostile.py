"""Hostile names and surroundings on the whole way: terminal, files, reports, environment."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.cell import Cell
from bench.core.exit_codes import ExitCode
from bench.core.record import encode_record
from bench.parity.certificate import encode_certificates
from bench.report.write import CSV_TABLES
from bench.storage.store import Store
from bench.system.environment import resolve_environment
from tests.fixtures.certificates import make_certificate
from tests.fixtures.command_line import Bench
from tests.fixtures.records import make_record

pytestmark = pytest.mark.usefixtures("own_signals")

#: A name that is a formula, markup, a terminal's command and a second line.
EVIL = "=cmd()<img src=x onerror=alert(1)>\x1b]0;owned\x07\x1b[2J\u202e\nsecond"
CELL = Cell(workload="lab_deep", dataset="digits", backend="jax", batch_size=4, epochs=1)
#: Prefixes of what is passed on, with words of what is secret, as they are met in the wild.
SECRETS = (
    *("NVIDIA_API_KEY", "JAX_AUTH_TOKEN", "TORCH_ACCESS_KEY", "XLA_SECRET", "CUDA_PASSWORD"),
    *("TF_USE_CREDENTIALS", "OMP_PASSPHRASE", "NVIDIA_NGC_KEY", "MKL_PRIVATE_KEY", "JAX_COOKIE"),
    *("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "HF_TOKEN", "WANDB_API_KEY", "SSH_AUTH_SOCK"),
    *("HTTPS_PROXY", "DATABASE_URL", "KAGGLE_KEY", "NETRC", "KERAS_BENCH_ANYTHING"),
)
MARK = "s3cr3t-0f-th3-us3r"


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capsys)


@pytest.fixture
def evil(bench: Bench) -> Bench:
    """A store in which every name and text that somebody else chose is hostile."""
    fields: dict[str, Any] = {
        "run_id": EVIL,
        "workload": f"{EVIL}/m.py:build",
        "dataset": f"npz:{EVIL}",
    }
    fields |= {"source": EVIL, "environment": {EVIL: EVIL}, "log_tail": EVIL, "settings": {EVIL: 1}}
    failed = {key: value for key, value in fields.items() if key != "settings"}
    some = [
        make_record(**fields, stochastic_layers=(EVIL,), uncounted_layers=(EVIL,)),
        make_record(**fields, backend="torch", versions={EVIL: EVIL, "keras": EVIL}),
        make_record(**failed, backend="tensorflow", status="failed", reason=EVIL),
    ]
    folder = bench.reports / "runs" / EVIL / "records"
    folder.mkdir(parents=True)
    for number, record in enumerate(some):
        (folder / f"{number}.json").write_bytes(encode_record(record))
    (folder / f"{EVIL}.json").write_bytes(b'{"record_version": 3, "\\u001b": 1}')
    place = bench.reports / "certificates" / "evil" / EVIL
    place.mkdir(parents=True)
    text = encode_certificates([make_certificate(workload=EVIL, failures={"jax": EVIL})])
    (place / "certificate.json").write_text(json.dumps(json.loads(text)[0]))
    return bench


def harmless(text: str) -> bool:
    return not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_no_name_of_a_store_steers_the_terminal(evil: Bench) -> None:
    (run,) = Store(evil.reports).run_ids()
    cell = make_record(workload=f"{EVIL}/m.py:build", dataset=f"npz:{EVIL}").cell.id
    for command in (["report"], ["compare", run, run], ["history", cell], ["history", EVIL]):
        for mode in ([], ["--json"]):
            code = evil.call(*command, *mode, f"--reports={evil.reports}")
            is_known = command != ["history", EVIL]
            assert code == (ExitCode.OK if is_known else ExitCode.USAGE), evil.err
            assert harmless(evil.out) and harmless(evil.err)
            assert "unknown field" in evil.err or command[0] != "report"


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--suite", EVIL],
        ["run", "--suite", f"{EVIL}.toml"],
        ["plan", "--workload", EVIL],
        ["plan", "--workload", f"{EVIL}.py:build"],
        ["plan", "--dataset", f"npz:{EVIL}", "--backend", "jax"],
        ["plan", "--python", EVIL],
        ["report", EVIL],
        ["compare", EVIL, EVIL],
        ["gate", "--candidate", f"src={EVIL}"],
        ["gate", "--candidate", "", "--baseline", f"baseline={EVIL}"],
        ["save-baseline", EVIL, "one"],
        ["certify", EVIL],
    ],
    ids=lambda arguments: " ".join(arguments).partition("=cmd")[0],
)
def test_no_argument_is_echoed_to_the_terminal_as_a_command(bench: Bench, arguments) -> None:
    assert bench.call(*arguments, f"--reports={bench.reports}") not in (0, 1)
    assert harmless(bench.out) and harmless(bench.err)
    assert "Traceback" not in bench.err


def test_no_name_of_a_store_is_a_formula_or_markup_in_its_reports(evil: Bench) -> None:
    (run,) = Store(evil.reports).run_ids()
    assert evil.call("report", f"--reports={evil.reports}") == ExitCode.OK
    assert evil.call("compare", run, run, f"--reports={evil.reports}") == ExitCode.OK
    written = [p for p in evil.reports.rglob("*") if p.suffix in (".csv", ".md", ".html", ".svg")]
    assert {path.stem for path in written if path.suffix == ".csv"} >= {*CSV_TABLES, "compare"}
    for path in written:
        text = path.read_text("utf-8")
        if path.suffix != ".csv":
            assert "<img src=x" not in text, path.name
        else:
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.reader(file, strict=True):
                    assert not [cell for cell in row if re.match(r"[=+@\t\r]|-\D", cell)], path.name
        if path.suffix != ".html":  # which holds the plotting library, and its escapes
            assert harmless(text), path.name


def test_a_path_is_no_run_and_what_lies_there_stays(bench: Bench) -> None:
    theirs = bench.folder / "theirs"
    (theirs / "figures").mkdir(parents=True)
    (theirs / "figures" / "plot.svg").write_text("theirs")
    (bench.reports / "runs").mkdir(parents=True)
    for name in (str(theirs), "../../theirs", "..", ".", ""):
        assert bench.call("report", name, f"--reports={bench.reports}") == ExitCode.USAGE
        assert f"Run {name!r} does not exist" in bench.err
    assert [path.name for path in theirs.rglob("*")] == ["figures", "plot.svg"]


@given(st.text(), st.text())
def test_no_name_of_a_workload_or_dataset_leaves_the_folder_of_its_run(one: str, two: str) -> None:
    cell = CELL
    for name in (one, two, f"../{one}", f"/{two}", f"{one}\0"):
        if name.strip() and name.isprintable():
            cell = make_record(workload=name, dataset=name).cell
            assert re.fullmatch(r"[A-Za-z0-9_.~-]{1,250}", cell.id)
            assert cell.id.strip(".")


@given(
    st.sampled_from(["NVIDIA_", "JAX_", "TORCH_", "XLA_", "TF_USE_", "CUDA_", "OMP_", ""]),
    st.text("ABCXYZ_", max_size=6),
    st.sampled_from(["API_KEY", "TOKEN", "secret", "Password", "CREDENTIALS", "AUTH", "APIKEY"]),
    st.text("ABCXYZ_", max_size=6),
)
def test_a_variable_that_is_named_like_a_secret_is_never_passed_on(a, b, c, d) -> None:
    base_environment = {f"{a}{b}{c}{d}": MARK} if not d.startswith("OR") else {}
    environment = resolve_environment(CELL, base_environment)
    assert MARK not in environment.for_launch(Path("/keras")).values()
    assert MARK not in environment.performance.values()


def test_no_secret_of_the_environment_ends_in_anything_that_is_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, MARK)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    # One of the fake workers prints its whole environment into its log.
    assert bench.run("ok", "environment", "crash") == ExitCode.CELLS_FAILED
    assert bench.call("race", *bench.select("ok"), "--rounds=2") == ExitCode.OK
    assert bench.call("report", f"--reports={bench.reports}") == ExitCode.OK
    records = Store(bench.reports).load_all()
    assert any('"OMP_NUM_THREADS": "2"' in record.log_tail for record in records)
    assert all(record.environment["OMP_NUM_THREADS"] == "2" for record in records)
    files = [path for path in bench.folder.rglob("*") if path.is_file()]
    assert {".json", ".log", ".csv", ".md", ".html"} <= {path.suffix for path in files}
    for path in files:
        assert MARK.encode() not in path.read_bytes(), path.name
    assert MARK not in bench.out + bench.err
