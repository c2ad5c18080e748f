"""Faults of the store: records cut short, edited, of other versions, doubled, and foreign files."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from tests.fault_injection.row import Family
from tests.fault_injection.stage import Ended, Stage

STORE = Family("store")

_LEFT_OUT = "it is left out with its reason; all others are read"


def _folder(stage: Stage) -> Path:
    return next(iter(stage.earlier)).parent


def plants(content: Callable[[bytes], bytes]) -> Callable[[Stage], Ended]:
    """Return how `content` of a good record is laid beside the good ones."""

    def inject(stage: Stage) -> Ended:
        good = next(iter(stage.earlier.values()))
        path = _folder(stage) / "planted.json"
        path.write_bytes(content(good))
        stage.planted.add(path)
        return _report(stage)

    return inject


def _report(stage: Stage) -> Ended:
    """Return how `bench report` ended, which has to read the four earlier records."""
    done = stage.call("report", "--json")
    assert len(stage.every_record()) >= 4
    return done


def _edited(**changes: object) -> Callable[[bytes], bytes]:
    return lambda good: json.dumps({**json.loads(good), **changes}).encode()


def _changed(good: bytes) -> bytes:
    return good[:50] + b"\xff" + good[51:]


def _add(name: str, fault: str, says: str, content: Callable[[bytes], bytes]) -> None:
    says = f"Left out: .*{says}"
    STORE.add(name, fault, _LEFT_OUT, code=0, sentence=says, inject=plants(content))


_CUT = "Input data was truncated"
_add("truncated", "a record cut short", _CUT, lambda good: good[: good.index(b'"digest": "') + 20])
_add("empty", "an empty record", _CUT, lambda good: b"")
_add("corrupt", "a record with a byte changed", "is not a record", _changed)
_add("zeros", "a record of zeros", "JSON is malformed", lambda good: bytes(len(good)))
_add("newer", "a newer version", "record version 99.*newer", _edited(record_version=99))
_add("older", "an older version", "version 0.*re-run its cell", _edited(record_version=0))
_add("edited_key", "a key added by hand", "unknown field `note`", _edited(note="x"))
_add("edited_status", "an ok record called failed", "contradict", _edited(status="failed"))
_add("edited_time", "−1 s written by hand", "is not a number from 0", _edited(wall_seconds=-1))


@STORE.row(
    "a folder with the name of a record",
    _LEFT_OUT,
    code=0,
    sentence="Left out: .*is not a regular file",
)
def folder(stage: Stage) -> Ended:
    path = _folder(stage) / "planted.json"
    path.mkdir()
    stage.planted.add(path)
    return _report(stage)


@STORE.row(
    "a pipe with the name of a record, which nobody writes to",
    f"{_LEFT_OUT}; nothing waits for it",
    code=0,
    sentence="Left out: .*is not a regular file",
)
def pipe(stage: Stage) -> Ended:
    path = _folder(stage) / "planted.json"
    os.mkfifo(path)
    stage.planted.add(path)
    return _report(stage)


@STORE.row(
    "a link to itself with the name of a record, and one with that of a run",
    _LEFT_OUT,
    code=0,
    sentence="Left out: .*Too many levels of symbolic links",
)
def loops(stage: Stage) -> Ended:
    path = _folder(stage) / "planted.json"
    for link in (path, stage.reports / "runs" / "20200101T000000Z-0000"):
        link.symlink_to(link)
    stage.planted.add(path)
    return _report(stage)


@STORE.row(
    "a link to itself in the place of all runs",
    "exit code 4 and one sentence",
    code=4,
    sentence=r"cannot be read: Too many levels of symbolic links\.",
)
def looping_runs(stage: Stage) -> Ended:
    reports = stage.folder / "loop"
    reports.mkdir()
    (reports / "runs").symlink_to(reports / "runs")
    return stage.call("report", f"--reports={reports}")


@STORE.row(
    "a record that may not be read",
    _LEFT_OUT,
    code=0,
    sentence="Left out: .*Permission denied",
)
def forbidden(stage: Stage) -> Ended:
    path = _folder(stage) / "planted.json"
    path.write_bytes(next(iter(stage.earlier.values())))
    path.chmod(0)
    done = stage.call("report", "--json", before="tests.fault_injection.machine:obey_permissions")
    path.unlink()
    return done


@STORE.row(
    "foreign files, a half-written file of a killed process, a run without records",
    "they are passed by",
    code=0,
    sentence='"counts": {"runs": 3, "records": 4}',
)
def foreign(stage: Stage) -> Ended:
    records = _folder(stage)
    (records / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (records / "notes.txt").write_text("mine")
    (records / ".cell.json.4711.tmp").write_bytes(b'{"record_version":')
    (stage.reports / "runs" / "notes.txt").write_text("mine")
    (stage.reports / "runs" / "20200101T000000Z-0000").mkdir()
    done = _report(stage)
    assert "Left out" not in done.text
    return done


@STORE.row(
    "the same record in two runs, by a copied folder",
    "both are kept; it counts once",
    code=0,
    sentence='"counts": {"runs": 3, "records": 4}',
)
def doubled(stage: Stage) -> Ended:
    copy = stage.reports / "runs" / "20200101T000000Z-0000" / "records"
    copy.mkdir(parents=True)
    for path, content in stage.earlier.items():
        if path.parent == _folder(stage):
            (copy / path.name).write_bytes(content)
    return _report(stage)
