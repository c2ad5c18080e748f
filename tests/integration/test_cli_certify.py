"""`certify` and `equivalence` on their real path, with fake workers."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.core.exit_codes import ExitCode
from bench.parity.certificate import read_certificates
from bench.parity.messages import WorkerArraysError, read_worker_arrays
from tests.fixtures.command_line import Bench
from tests.fixtures.fake_python import make_workload

pytestmark = pytest.mark.usefixtures("own_signals")

TINY = "synthetic:shape=4x4x1,classes=2,train=8,test=4"


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capsys)


def certify(bench: Bench, *modes: str, more: tuple[str, ...] = ()) -> int:
    workloads = [make_workload(bench.folder, mode) for mode in modes]
    options = [f"--dataset={TINY}", *bench.pythons, f"--reports={bench.reports}"]
    return bench.call("certify", *workloads, *options, *more)


def test_what_agrees_is_certified_and_written(bench: Bench) -> None:
    assert certify(bench, "ok", "also_ok", more=("--batch-size=4",)) == ExitCode.OK
    certificates, unusable = read_certificates(bench.reports)
    assert unusable == []
    assert len(certificates) == 2
    for certificate in certificates:
        assert [pair.verdict for pair in certificate.pairs] == ["certified"] * 3
        assert {subject.parameters for subject in certificate.subjects} == {36}
        assert {subject.forward_macs for subject in certificate.subjects} == {32}
        assert certificate.batch_size == 4
    (folder,) = (bench.reports / "certificates").iterdir()
    assert f"Certificates: {folder}" in bench.out
    assert "(6/6)" in bench.out
    paths = sorted(folder.glob("fake_workload-*-*/quantities.csv"))
    frame = pd.read_csv(paths[0])
    assert len(frame) == 3 * 39
    assert frame["same"].all()
    assert len(list(paths[0].parent.glob("logs/*.log"))) == 6


def test_a_difference_has_an_exit_code_and_names_its_layer(bench: Bench) -> None:
    assert certify(bench, "differs_on_torch", more=("--json",)) == ExitCode.DIFFERS == 14
    facts = json.loads(bench.out)
    assert facts["exit_code"] == 14
    texts = {tuple(pair["backends"]): pair["parity"] for pair in facts["pairs"]}
    assert texts["jax", "tensorflow"] == "certified"
    assert texts["jax", "torch"].startswith("differs: inference dense by ")


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("crash", "jax cannot be compared: the worker wrote no arrays; see the end of its log"),
        ("fails_on_torch", "torch cannot be compared: WorkloadError: tied to one backend."),
        ("pickled", "its arrays cannot be read (Object arrays cannot be loaded"),
        ("half_a_dump", "its arrays cannot be read ("),
    ],
)
def test_a_backend_without_a_dump_is_no_certificate(mode: str, says: str, bench: Bench) -> None:
    assert certify(bench, mode) == ExitCode.NOT_COMPARED == 15
    assert says in bench.out
    (certificate,), _ = read_certificates(bench.reports)
    assert certificate.failures
    assert len(certificate.pairs) == (1 if mode == "fails_on_torch" else 0)


def test_a_hang_ends_at_the_timeout(bench: Bench) -> None:
    assert certify(bench, "hang", more=("--timeout=0.5",)) == ExitCode.NOT_COMPARED
    assert "it did not end within 0.5 s" in bench.out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--backend=jax",), "--backend names only jax; name at least two backends to compare."),
        (("no_such_workload",), "workload is 'no_such_workload'"),
        (("--dataset=no_such_dataset",), "no_such_dataset"),
    ],
)
def test_a_wrong_option_is_one_sentence(options: tuple[str, ...], says: str, bench: Bench) -> None:
    assert certify(bench, more=options) == 2
    assert says in bench.err
    assert "Traceback" not in bench.err


def test_a_reports_folder_that_cannot_be_made_is_told(bench: Bench) -> None:
    bench.reports.write_text("a file")
    assert certify(bench, "ok") == 4
    assert "cannot be created: Not a directory." in bench.err


def test_a_dump_that_nobody_wrote_or_that_is_no_archive_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorkerArraysError, match="wrote no arrays"):
        read_worker_arrays(tmp_path / "nothing.npz")
    path = tmp_path / "text.npz"
    for content in (b"", b"no archive", b"PK\x03\x04"):
        path.write_bytes(content)
        with pytest.raises(WorkerArraysError, match="cannot be read"):
            read_worker_arrays(path)
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(WorkerArraysError, match="cannot be read"):
        read_worker_arrays(path)


def test_equal_backends_are_shown_to_be_equivalent(bench: Bench) -> None:
    options = [f"--dataset={TINY}", "--epochs=2", *bench.pythons, f"--reports={bench.reports}"]
    workload = f"--workload={make_workload(bench.folder, 'ok')}"
    # Four validation images: no spread is taken to be under that of rounding to one of them.
    options += ["--pilot-seeds=2", "--max-seeds=4", "--margin=60"]
    assert bench.call("equivalence", workload, *options) == ExitCode.OK
    assert "seeds are needed" in bench.out
    (path,) = bench.reports.glob("equivalence/*/equivalence.csv")
    frame = pd.read_csv(path)
    assert frame["verdict"].tolist() == ["equivalent"] * 3
    assert set(frame["seeds_a"]) == {2}


def test_a_backend_that_fails_makes_no_equivalence(bench: Bench) -> None:
    options = [f"--dataset={TINY}", "--epochs=2", *bench.pythons, f"--reports={bench.reports}"]
    workload = f"--workload={make_workload(bench.folder, 'crash')}"
    code = bench.call("equivalence", workload, *options, "--pilot-seeds=2", "--max-seeds=4")
    assert code == ExitCode.INVALID
    assert "failed" in bench.out
