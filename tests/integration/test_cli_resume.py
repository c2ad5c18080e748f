"""`race --resume` on its real path: interrupted where a worker hangs, then continued."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.core.exit_codes import ExitCode
from bench.core.record import Record, decode_record
from bench.runner.interleave import SUPERSEDED
from bench.runner.race_plan import read_race_plan
from bench.storage.sessions import read_sessions
from bench.storage.store import Store
from tests.fixtures.command_line import Bench
from tests.fixtures.fake_python import are_gone, hung_pids
from tests.fixtures.present import present
from tests.fixtures.processes import patient, start, wait_for
from tests.fixtures.steps import TINY

pytestmark = pytest.mark.usefixtures("own_signals")

BACKENDS = ("jax", "torch")
ROUNDS = 6


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capsys)


def workload(folder: Path, name: str = "switch") -> str:
    """Return a workload whose launches hang from the moment on that the file `hang` says."""
    path = folder / "fake_workload.py"
    path.touch()
    return f"{path}:{name}"


def options(bench: Bench, name: str = "switch") -> list[str]:
    backends = [f"--backend={backend}" for backend in BACKENDS]
    tiny = [f"--dataset={TINY}", "--epochs=2", "--batch-size=4", f"--rounds={ROUNDS}"]
    return [f"--workload={workload(bench.folder, name)}", *backends, *tiny, *bench.pythons]


@contextmanager
def interrupted(bench: Bench, after: int, number: int, command: str = "race") -> Iterator[str]:
    """Yield what a race said that `number` ended while the launch after so many records hung."""
    (bench.folder / "hang").write_text(str(after))
    call = [*bench.python_command, command, *options(bench), f"--reports={bench.reports}"]
    process = start(call)

    def look() -> list[int]:
        logs = bench.reports.glob("runs/*/logs/*.log")
        return [pid for log in logs for pid in hung_pids(log.read_text())]

    pids = wait_for(look, process)
    process.send_signal(number)
    out, _ = process.communicate(timeout=patient())
    for pid in [] if are_gone(pids, 0) else pids:
        os.kill(pid, signal.SIGKILL)
    (bench.folder / "hang").unlink()
    yield out


def run_of(bench: Bench) -> Path:
    (folder,) = (bench.reports / "runs").iterdir()
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "records").glob("*.json")}


def placed(records: list[Record]) -> list[tuple[int, int, str]]:
    """Return round, session and backend of each record, in the order of their launches."""
    return [(r.race.round, r.race.session, r.cell.backend) for r in records if r.race]


def resume(bench: Bench, *arguments: str, command: str = "race") -> int:
    return bench.call(command, "--resume", *arguments, f"--reports={bench.reports}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_race_that_was_interrupted_in_mid_round_goes_on_where_it_stopped(
    bench: Bench, number: int
) -> None:
    with interrupted(bench, 5, number) as out:
        folder = run_of(bench)
        before = contents(folder)
        call = f"-m bench race --resume {folder.name} --reports {bench.reports}` continues there"
        assert (call in out) == (number == signal.SIGINT)
        assert len(before) == 5
    assert resume(bench) == ExitCode.OK
    assert "4 stored (not trained again), 8 to train" in bench.out
    # Rounds 1 and 2 are whole and stay byte for byte; the launch that round 3 had is set aside.
    after, aside = contents(folder), contents(folder / SUPERSEDED / "session-1")
    assert {name: after[name] for name in before.keys() - aside.keys()} == {
        name: content for name, content in before.items() if name not in aside
    }
    assert (len(after), len(aside)) == (2 * ROUNDS, 1)
    assert aside.items() <= before.items()
    assert not aside.items() & after.items()
    there, back = list(BACKENDS), list(reversed(BACKENDS))
    assert placed(Store(bench.reports).load(folder.name)) == [
        (number, int(number > 1), backend)
        for number in range(ROUNDS)
        for backend in (there if number % 2 == 0 else back)
    ]
    first, second = read_sessions(folder)
    assert (first.kept, first.superseded, second.kept, second.superseded) == (0, 0, 4, 1)
    assert (second.number, second.kept) == (1, 4)
    assert len(list((folder / SUPERSEDED / "session-1" / "logs").iterdir())) == 2


def test_every_ratio_of_a_resumed_race_tells_its_sessions(bench: Bench) -> None:
    with interrupted(bench, 5, signal.SIGINT):
        folder = run_of(bench)
    assert resume(bench, folder.name) == 0
    assert "Measured in 2 sessions: rounds 1 to 2 on 20" in " ".join(bench.out.split())
    for run in ("latest", folder.name):
        place = bench.reports / "latest" if run == "latest" else folder
        assert {row["sessions"] for row in bench.rows("ratios.csv", run)} == {"2"}
        for name in ("report.md", "report.html"):
            text = (place / name).read_text()
            assert "Measured in 2 sessions: rounds 1 to 2 on 20" in text
            assert "; rounds 3 to 6 on 20" in text


def test_a_race_is_resumed_as_often_as_it_is_interrupted(bench: Bench) -> None:
    with interrupted(bench, 1, signal.SIGINT):
        folder = run_of(bench)
    (bench.folder / "hang").write_text("2")
    process = start([*bench.python_command, "race", "--resume", f"--reports={bench.reports}"])
    aside = folder / SUPERSEDED / "session-1" / "records"
    log = wait_for(
        lambda: next((p for p in folder.glob("logs/*-r1.log") if hung_pids(p.read_text())), None),
        process,
    )
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=patient())
    assert (process.returncode, f"--resume {folder.name}" in out) == (130, True)
    assert are_gone(hung_pids(present(log).read_text()))
    assert len(list(aside.iterdir())) == 1
    (bench.folder / "hang").unlink()
    assert resume(bench) == 0
    assert "2 stored (not trained again), 10 to train" in bench.out
    # No round was measured in the first session: nothing of it is in a ratio.
    assert {row["sessions"] for row in bench.rows("ratios.csv")} == {"2"}
    assert {s for _, s, _ in placed(Store(bench.reports).load(folder.name))} == {1, 2}
    assert len(read_sessions(folder)) == 3


def test_failed_launches_of_a_whole_round_stay_and_count(bench: Bench) -> None:
    with interrupted(bench, 5, signal.SIGINT):
        folder = run_of(bench)
    path = sorted((folder / "records").glob("*-r0-*.json"))[0]
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps(content | {"status": "failed", "reason": "gone", "result": None}))
    assert resume(bench) == ExitCode.CELLS_FAILED
    assert "1 of 12 launches failed, 0 could not start." in bench.out
    assert decode_record(path.read_bytes(), "x").reason == "gone"


def test_a_steps_race_is_resumed_by_steps_alone(bench: Bench) -> None:
    with interrupted(bench, 5, signal.SIGKILL, "profile-steps"):
        folder = run_of(bench)
    assert resume(bench) == ExitCode.USAGE
    assert bench.err == f"There is no unfinished race in {bench.reports} to resume.\n"
    assert resume(bench, folder.name) == ExitCode.USAGE
    assert (
        bench.err
        == f"{folder.name} was started by `profile-steps`; resume it with the same command.\n"
    )
    assert resume(bench, command="profile-steps") == 0
    assert "4 stored (not trained again), 20 to train" in bench.out
    records = Store(bench.reports).load(folder.name)
    assert len(records) == 4 * ROUNDS == len(read_race_plan(folder).launches)


def test_what_cannot_be_resumed_is_refused_in_a_sentence(bench: Bench) -> None:
    assert resume(bench) == ExitCode.USAGE
    assert bench.err == f"There is no unfinished race in {bench.reports} to resume.\n"
    assert resume(bench, "20990101T000000Z-dead") == ExitCode.USAGE
    assert "There is no race '20990101T000000Z-dead' to resume" in bench.err
    assert bench.call("race", *options(bench, "ok"), f"--reports={bench.reports}") == 0
    name = run_of(bench).name
    assert resume(bench, name) == ExitCode.USAGE
    assert bench.err == f"{name} is complete; all of its 12 launches have a record.\n"
    assert resume(bench) == ExitCode.USAGE
    assert "no unfinished race" in bench.err
    shutil.copytree(run_of(bench), bench.reports / "runs" / "copy")
    (bench.reports / "runs" / name).rename(bench.folder / "elsewhere")
    assert resume(bench) == ExitCode.USAGE
    assert "no unfinished race" in bench.err
    assert resume(bench, "copy") == ExitCode.USAGE
    assert bench.err == f"copy is a copy of the race {name}; resume the original instead.\n"


@pytest.mark.parametrize("option", ["--rounds=6", "--backend=jax", "--timeout=5", "--python=jax=x"])
def test_options_that_contradict_the_book_are_refused(bench: Bench, option: str) -> None:
    assert resume(bench, option) == ExitCode.USAGE
    name = option.partition("=")[0]
    assert bench.err.startswith(f"{name} cannot be given with --resume, because a resumed race")


def changed_versions(bench: Bench, folder: Path) -> None:
    fake = bench.folder / "fake-python"
    fake.write_text(fake.read_text().replace("exec ", "FAKE_KERAS=3.99.0 exec "))


def changed_source(bench: Bench, folder: Path) -> None:
    (bench.folder / "fake_workload.py").write_text("# other\n")


def other_machine(bench: Bench, folder: Path) -> None:
    path = folder / "race.json"
    book = json.loads(path.read_bytes())
    path.write_text(json.dumps(book | {"machine": book["machine"] | {"logical_cpus": 999}}))


def other_protocol(bench: Bench, folder: Path) -> None:
    path = folder / "race.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"protocol_version": 1}))


def no_interpreter(bench: Bench, folder: Path) -> None:
    (bench.folder / "fake-python").unlink()


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (changed_versions, "jax versions: keras was 3.15.1 and is 3.99.0; torch versions: keras"),
        (changed_source, "jax workload_source was "),
        (other_machine, "machine: logical_cpus was 999 and is "),
        (other_protocol, "protocol_version was 1 and is "),
        (no_interpreter, "cannot run now ("),
    ],
)
def test_what_changed_since_the_race_was_begun_is_named_and_nothing_is_touched(
    bench: Bench, change: object, names: str
) -> None:
    with interrupted(bench, 3, signal.SIGKILL):
        folder = run_of(bench)
    change(bench, folder)  # type: ignore[operator]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert resume(bench) == ExitCode.USAGE
    assert (
        f"{folder.name} cannot be resumed, because its rounds would no longer be comparable: "
        in bench.err
    )
    assert names in bench.err
    assert bench.err.count("\n") == 1
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert not (folder / SUPERSEDED).exists()


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"{", "is damaged"),
        (b'{"race_version": 99}', "has version 99, but this checkout reads versions 1 and 2"),
    ],
)
def test_a_book_that_cannot_be_read_is_named(bench: Bench, content: bytes, names: str) -> None:
    folder = bench.reports / "runs" / "20990101T000000Z-dead"
    folder.mkdir(parents=True)
    (folder / "race.json").write_bytes(content)
    assert resume(bench, folder.name) == ExitCode.USAGE
    assert names in bench.err
    assert resume(bench) == ExitCode.USAGE
    assert names in bench.err
    assert bench.err.endswith(f"There is no unfinished race in {bench.reports} to resume.\n")
