"""Faults of the machine: no room, no permission, no descriptors, no processor, no reader."""

import ctypes
import os
from typing import Self

from tests.fault_injection.row import Family
from tests.fault_injection.stage import Ended, Stage

MACHINE = Family("machine")

_FILES = "RLIMIT_NOFILE"
_STORE_UNWRITABLE = "exit code 4, one sentence, and no half record"


@MACHINE.row(
    "a full disk, before the run",
    "nothing is trained",
    code=4,
    sentence=r"records cannot be written: File too large\.",
)
def full_disk_before(stage: Stage) -> Ended:
    done = stage.run("ok", limits={"RLIMIT_FSIZE": 20_000})
    assert stage.records() == []
    return done


@MACHINE.row(
    "a full disk, in mid-run",
    f"{_STORE_UNWRITABLE}; the same call goes on when there is room",
    code=4,
    sentence=r"json cannot be written: File too large\.",
)
def full_disk_in_mid_run(stage: Stage) -> Ended:
    done = stage.run("ok", "full_disk")
    assert stage.statuses() == ["ok"]
    assert (
        "1 stored (not trained again), 1 to train"
        in stage.call("plan", *stage.select("ok", "full_disk")).text
    )
    return done


@MACHINE.row(
    "a read-only reports folder, before the run",
    "nothing is trained",
    code=4,
    sentence=r"records cannot be written: Permission denied\.",
)
def read_only_before(stage: Stage) -> Ended:
    (stage.reports / "runs").chmod(0o555)
    done = stage.run("ok", before="tests.fault_injection.machine:obey_permissions")
    (stage.reports / "runs").chmod(0o755)
    assert stage.records() == []
    return done


@MACHINE.row(
    "the folder of the records turns read-only, in mid-run",
    _STORE_UNWRITABLE,
    code=4,
    sentence=r"json cannot be written: Permission denied\.",
)
def read_only_in_mid_run(stage: Stage) -> Ended:
    return stage.run("close_records", before="tests.fault_injection.machine:obey_permissions")


@MACHINE.row(
    "the folder of the run is removed, in mid-run",
    "it is made again; the record is stored",
    code=0,
    sentence="ok in .* s",
)
def folder_removed(stage: Stage) -> Ended:
    done = stage.run("lose_run")
    assert stage.statuses() == ["ok"]
    return done


@MACHINE.row(
    "a file in the place of the folder of the records, in mid-run",
    _STORE_UNWRITABLE,
    code=4,
    sentence=r"json cannot be written: File exists\.",
)
def folder_replaced(stage: Stage) -> Ended:
    runs = set(stage.reports.glob("runs/*"))
    done = stage.run("replace_records")
    [new] = set(stage.reports.glob("runs/*")) - runs
    assert (new / "records").read_bytes() == b""
    stage.planted.add(new / "records")
    return done


@MACHINE.row(
    "a file in the place of the reports folder",
    "nothing is trained",
    code=4,
    sentence=r"file cannot be read: Not a directory\.",
)
def file_as_reports(stage: Stage) -> Ended:
    file = stage.folder / "file"
    file.touch()
    return stage.run("ok", more=(f"--reports={file}",))


@MACHINE.row(
    "no file descriptor is left, in mid-run",
    _STORE_UNWRITABLE,
    code=4,
    sentence=r"json cannot be written: Too many open files\.",
)
def few_files_in_mid_run(stage: Stage) -> Ended:
    return stage.run("few_files")


@MACHINE.row(
    "from 8 to 31 file descriptors in all, one call each",
    "too few are told in one sentence; enough are enough",
    code=0,
    sentence="ok in .* s",
)
def few_files(stage: Stage) -> Ended:
    ends = [stage.run("ok", more=("--fresh",), limits={_FILES: n}) for n in range(8, 32)]
    assert all("Traceback" not in done.text for done in ends if "FAILED" not in done.text)
    assert {done.code for done in ends} <= {0, 1, 2, 4}
    return ends[-1]


@MACHINE.row(
    "the run is suspended and continued while its worker trains",
    "it goes on",
    code=0,
    sentence="ok in .* s",
)
def suspended(stage: Stage) -> Ended:
    done = stage.run("suspend")
    assert stage.statuses() == ["ok"]
    return done


@MACHINE.row(
    "all processors but one are taken away, in mid-run",
    "it goes on; the record is still one of this machine",
    code=0,
    sentence="ok in .* s",
)
def one_processor(stage: Stage) -> Ended:
    done = stage.run("take_cpus")
    assert len({record.machine_id for record in stage.every_record()}) == 1
    return done


@MACHINE.row(
    "all processors but one are taken away, in mid-run of a matched cell",
    "its cell fails, since each backend was to have as many threads; the record is whole",
    code=1,
    sentence="FAILED .*: the number of usable processors changed after the plan was made",
)
def one_processor_of_matched(stage: Stage) -> Ended:
    done = stage.run("take_cpus", more=("--lane=matched",))
    assert stage.statuses() == ["failed"]
    assert stage.call("check-store").code == 0
    return done


@MACHINE.row(
    "standard output on a full disk",
    "the run goes on and stores its record; exit code 4",
    code=4,
    sentence=r"^Standard output cannot be written: No space left on device\.$",
)
def full_output(stage: Stage) -> Ended:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        done = stage.run("ok", output=full)
    finally:
        os.close(full)
    assert stage.statuses() == ["ok"]
    return done


@MACHINE.row(
    "a reader of standard output that goes away",
    "the run goes on in silence and stores its record",
    code=0,
    sentence=r"\A\Z",
)
def closed_output(stage: Stage) -> Ended:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = stage.run("ok", output=writer)
    finally:
        os.close(writer)
    assert stage.statuses() == ["ok"]
    return done


@MACHINE.row(
    "the timing lock cannot be opened",
    "nothing is trained",
    code=3,
    sentence=r"The timing lock .* cannot be opened: Is a directory\. Set KERAS_BENCH_LOCK",
)
def lock_is_a_folder(stage: Stage) -> Ended:
    return stage.run("ok", variables={"KERAS_BENCH_LOCK": str(stage.folder)})


@MACHINE.row(
    "the clock is an hour behind the earlier runs",
    "the record is stored beside them",
    code=0,
    sentence="ok in .* s",
)
def clock_behind(stage: Stage) -> Ended:
    done = stage.run("ok", before="tests.fault_injection.machine:an_hour_behind")
    [record] = stage.records()
    assert record.started_at < min(earlier.started_at for earlier in stage.every_record()[1:])
    assert "1 stored (not trained again)" in stage.call("plan", *stage.select("ok")).text
    return done


def obey_permissions() -> None:
    """Give up root's right to write where a mode forbids it; a no-op for anybody else."""
    version, all_threads = 0x20080522, 0
    header = (ctypes.c_uint32 * 2)(version, all_threads)
    if os.geteuid() == 0 and ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError("capset")


def an_hour_behind() -> None:
    """Let this process's wall clock be an hour behind."""
    import datetime

    class Behind(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Self:
            behind = datetime.datetime.now(tz) - datetime.timedelta(hours=1)
            return cls.fromtimestamp(behind.timestamp(), tz)

    from bench.runner import launch
    from bench.storage import store

    for module in (launch, store):
        setattr(module, "datetime", Behind)  # noqa: B010 - its own import of the class
