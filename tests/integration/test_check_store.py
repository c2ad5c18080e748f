"""`check-store`: a healthy store stays as it is; what is broken is set aside and never lost."""

import json
import os
import shutil
from pathlib import Path

import msgspec
import pytest

from bench.cli.console import CommandConsole
from bench.core.paths import CHECKOUT
from bench.core.record import READABLE_VERSIONS, decode_record, encode_record
from bench.integrity.check import check_reports, repair
from bench.regression.store import GateStore
from bench.runner.executor import execute
from bench.storage.sessions import start_session
from bench.storage.store import Store, StoreError
from bench.system.timing_lock import timing_lock
from tests.fixtures.certificates import make_certificate
from tests.fixtures.command_line import Bench
from tests.fixtures.pairs import make_pairs, make_plan
from tests.fixtures.steps import make_fake_cell, plan_fake

pytestmark = pytest.mark.usefixtures("own_signals")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store to be copied: of a run that was really made, with a gate and a certificate."""
    folder = tmp_path_factory.mktemp("template")
    steps = plan_fake(folder, [make_fake_cell(folder, mode) for mode in ("ok", "crash")])
    store, run_id = Store(folder / "reports"), "20261101T120000Z-0a1b"
    execute(steps, store, run_id, CommandConsole("quiet"), timeout_seconds=60)
    certificate = store.reports / "certificates" / run_id / "mlp"
    certificate.mkdir(parents=True)
    (certificate / "certificate.json").write_bytes(msgspec.json.encode(make_certificate()))
    book, plan = GateStore(store.reports / "gates" / run_id), make_plan()
    book.open(plan)
    for pair in make_pairs(plan, pairs=1):
        book.add(pair)
    return store.reports


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], template: Path) -> Bench:
    bench = Bench(tmp_path, capsys)
    shutil.copytree(template, bench.reports)
    return bench


def record_path(bench: Bench) -> Path:
    """The file of the run's record that is ok."""
    paths = bench.reports.glob("runs/*/records/*.json")
    return next(p for p in paths if decode_record(p.read_bytes(), "").status == "ok")


def contents(reports: Path) -> dict[str, bytes]:
    files = (path for path in reports.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(reports)): path.read_bytes() for path in files}


def doctor(bench: Bench, *options: str) -> int:
    return bench.call("check-store", f"--reports={bench.reports}", *options)


def test_a_healthy_store_is_told_so_and_left_as_it_is(bench: Bench) -> None:
    before = contents(bench.reports)
    assert doctor(bench) == 0
    assert f"5 files examined in {bench.reports}: 0 broken or left over." in bench.out
    assert doctor(bench, "--repair") == 0
    assert contents(bench.reports) == before


def test_a_store_that_is_not_there_is_healthy_and_is_not_made(bench: Bench) -> None:
    nowhere = bench.folder / "nowhere"
    assert bench.call("check-store", "--repair", f"--reports={nowhere}") == 0
    assert not nowhere.exists()


def edited(path: Path, **changes: object) -> bytes:
    return json.dumps(json.loads(path.read_bytes()) | changes).encode()


BROKEN = {
    "cut off": (lambda path: path.read_bytes()[:-200], "is not a record"),
    "empty": (lambda path: b"", "is not a record"),
    "of zeros": (lambda path: bytes(path.stat().st_size), "is not a record"),
    "of deep nesting": (lambda path: b"[" * 100_000, "is not a record"),
    "of another run": (lambda path: edited(path, run_id="20200101T000000Z-0000"), "of run 2020"),
    "of another repetition": (lambda path: edited(path, repetition=7), "it contains the record"),
    "edited by hand": (lambda path: edited(path, workload_source="e" * 64), "it was edited"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_record_is_named_and_set_aside_whole(how: str, bench: Bench) -> None:
    path = record_path(bench)
    break_it, why = BROKEN[how]
    path.write_bytes(break_it(path))
    before = contents(bench.reports)
    flaws, _ = check_reports(bench.reports)
    assert [(flaw.path, flaw.state) for flaw in flaws] == [
        (path.relative_to(bench.reports), "broken")
    ]
    assert why in flaws[0].why
    assert doctor(bench) == 4
    assert "1 broken or left over." in bench.out
    assert "--repair" in bench.out
    assert contents(bench.reports) == before
    assert doctor(bench, "--repair") == 0
    (quarantine,) = (bench.reports / "quarantine").iterdir()
    assert str(quarantine) in bench.out.replace("\n", "")
    after = contents(bench.reports)
    name = str(path.relative_to(bench.reports))
    assert after.pop(f"quarantine/{quarantine.name}/{name}") == before.pop(name)
    (line,) = after.pop(f"quarantine/{quarantine.name}/why.jsonl").splitlines()
    assert json.loads(line) == {"path": name, "state": "broken", "why": flaws[0].why}
    assert after == before
    assert doctor(bench) == 0


def test_a_record_of_a_newer_checkout_is_told_and_left_to_it(bench: Bench) -> None:
    path = record_path(bench)
    path.write_bytes(edited(path, record_version=max(READABLE_VERSIONS) + 1, unheard_of=1))
    before = contents(bench.reports)
    assert doctor(bench, "--repair") == 0
    assert "0 broken or left over, 1 foreign (left in place)." in bench.out
    assert contents(bench.reports) == before


def test_a_double_of_a_record_under_another_name_is_set_aside(bench: Bench) -> None:
    path = record_path(bench)
    double = path.with_name("copy.json")
    double.write_bytes(path.read_bytes())
    assert doctor(bench, "--repair") == 0
    assert path.exists()
    assert not double.exists()


def test_what_a_killed_writer_left_is_set_aside(bench: Bench) -> None:
    remains = record_path(bench).with_name(".record.json.123.tmp")
    remains.write_bytes(b"half of a rec")
    (flaw,), _ = check_reports(bench.reports)
    assert (flaw.state, flaw.kept) == ("left over", None)
    folder = repair(bench.reports, [flaw])
    assert folder is not None
    assert (folder / flaw.path).read_bytes() == b"half of a rec"
    assert not remains.exists()


@pytest.mark.parametrize(
    ("damage", "kept"),
    [
        (lambda content: content[:-10], 2),
        (lambda content: content[:-1], 3),
        (lambda content: content + b"{}\n", 3),
        (lambda content: content + b"\0\0\0", 3),
    ],
    ids=["in a line", "before its end", "a wrong line", "zeros"],
)
def test_a_torn_last_pair_is_cut_and_the_whole_ones_stay(damage, kept, bench: Bench) -> None:
    (path,) = bench.reports.glob("gates/*/pairs.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(damage(b"".join(lines)))
    torn = path.read_bytes()
    assert doctor(bench, "--repair") == 0
    assert path.read_bytes() == b"".join(lines[:kept])
    (copy,) = bench.reports.glob("quarantine/*/gates/*/pairs.jsonl")
    assert copy.read_bytes() == torn
    assert doctor(bench) == 0


def test_a_gate_with_a_damaged_pair_in_the_middle_is_not_trusted(bench: Bench) -> None:
    (path,) = bench.reports.glob("gates/*/pairs.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:20] + b"\n" + lines[2])
    assert doctor(bench, "--repair") == 0
    assert "line 2 is damaged" in bench.out
    assert not path.exists()


@pytest.mark.parametrize(
    "name",
    [
        *("gates/g/gate.json", "certificates/c/w/certificate.json"),
        *("runs/r/race.json", "runs/r/superseded/session-1/records/x.json"),
    ],
)
@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"gate_version": "x"}'])
def test_damaged_plans_and_certificates_are_set_aside(
    name: str, content: bytes, bench: Bench
) -> None:
    path = bench.reports / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert doctor(bench, "--repair") == 0
    (aside,) = bench.reports.glob(f"quarantine/*/{name}")
    assert aside.read_bytes() == content


@pytest.mark.parametrize("folder", ["runs/r", "gates/g"])
def test_a_torn_last_session_is_cut(folder: str, bench: Bench) -> None:
    path = bench.reports / folder
    path.mkdir(parents=True)
    start_session(path)
    whole = (path / "sessions.jsonl").read_bytes()
    (path / "sessions.jsonl").write_bytes(whole + b'{"session_version"')
    assert doctor(bench, "--repair") == 0
    assert (path / "sessions.jsonl").read_bytes() == whole


def test_damaged_rows_of_layers_are_set_aside(bench: Bench) -> None:
    path = bench.reports / "layers/x/samples.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{}\n[]\n")
    assert doctor(bench, "--repair") == 0
    (aside,) = bench.reports.glob("quarantine/*/layers/x/samples.jsonl")
    assert aside.read_bytes() == b"{}\n[]\n"


def test_links_and_strangers_are_told_and_left_alone(bench: Bench) -> None:
    records = record_path(bench).parent
    (records / "loop").symlink_to(records)
    (records / "gone.json").symlink_to("nowhere")
    (records / "notes.txt").write_text("mine")
    os.mkfifo(records / "pipe.json")
    flaws, _ = check_reports(bench.reports)
    names = ["gone.json", "loop", "notes.txt", "pipe.json"]
    assert [(flaw.path.name, flaw.state) for flaw in flaws] == [(n, "foreign") for n in names]
    assert doctor(bench, "--repair") == 0
    assert sorted(path.name for path in records.iterdir() if path.name in names) == names


def test_hostile_names_do_not_steer_the_terminal(bench: Bench) -> None:
    (record_path(bench).parent / "\x1b[2J[b]\n.json").write_bytes(b"")
    assert doctor(bench) == 4
    assert "\x1b[2J" not in bench.out
    assert "[b]" in bench.out


def test_a_repair_that_cannot_move_says_which_file(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_path(bench).write_bytes(b"")
    (bench.reports / "quarantine").write_text("a file in its place")
    assert doctor(bench, "--repair") == 4
    assert "cannot be moved to" in bench.err
    assert record_path_is_kept(bench)


def record_path_is_kept(bench: Bench) -> bool:
    return any(path.stat().st_size == 0 for path in bench.reports.glob("runs/*/records/*.json"))


def test_a_store_is_not_mended_while_something_is_measured(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_BENCH_LOCK", str(tmp_path / "held"))
    with timing_lock(tmp_path / "held", "run 1"):
        assert doctor(bench) == 3


def test_records_of_the_store_are_examined_as_they_were_written(
    tmp_path: Path, bench: Bench
) -> None:
    record = decode_record(record_path(bench).read_bytes(), "")
    store = Store(tmp_path / "other")
    path = store.save(record)
    assert path.name == record.file_name
    assert path.read_bytes() == encode_record(record)
    assert check_reports(store.reports) == ([], 1)


def test_a_record_from_before_cells_had_all_their_fields_is_whole(bench: Bench) -> None:
    published = CHECKOUT / "reports" / "published" / "race-1" / "records"
    path = min(published.iterdir())
    assert b'"task"' not in path.read_bytes()
    run_id = decode_record(path.read_bytes(), "").run_id
    target = bench.reports / "runs" / run_id / "records"
    target.mkdir(parents=True)
    shutil.copy(path, target)
    assert doctor(bench) == 0


def test_an_unreadable_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    flaws, examined = check_reports(tmp_path / "reports" / "no")
    assert (flaws, examined) == ([], 0)
    with pytest.raises(StoreError, match="cannot be read"):
        check_reports(tmp_path / "reports")
