"""Faults of the worker: it dies, hangs, lies, or is not the worker that was asked for."""

from tests.fault_injection.planted import VERSIONS, plant_python, real_worker
from tests.fault_injection.row import Family, Inject
from tests.fault_injection.stage import Ended, Stage
from tests.fixtures.fake_python import are_gone, hung_pids

WORKER = Family("worker")

_GOES_ON = "its cell fails with that reason; the next cell is trained"
_UNUSABLE = "the worker wrote an unusable result: "


def fails(mode: str) -> Inject:
    """Return how a worker is made to do `mode`, with an ok one after it."""

    def inject(stage: Stage) -> Ended:
        done = stage.run(mode, "ok", more=("--timeout=120",))
        assert stage.statuses() == ["failed", "ok"]
        return done

    return inject


def hangs(mode: str, *, ids: bool = True) -> Inject:
    """Return how a worker is made to hang, with its child when it prints their `ids`."""

    def inject(stage: Stage) -> Ended:
        done = stage.run(mode, more=("--timeout=3",))
        [record] = stage.records()
        pids = hung_pids(record.log_tail)
        assert len(pids) == (2 if ids else 0) and are_gone(pids)
        return done

    return inject


def _add(mode: str, fault: str, reason: str) -> None:
    WORKER.add(
        mode,
        fault,
        _GOES_ON,
        code=1,
        sentence=f"FAILED .*: {reason}",
        inject=fails(mode),
    )


_add("sigkill", "killed by SIGKILL", "killed by SIGKILL, possibly out of memory")
_add("sigsegv", "a segmentation fault", "killed by SIGSEGV")
_add("realtime_signal", "a signal without a name", r"killed by signal \d+")
_add(
    "crash", "an end with status 1", "exited with status 1 before it wrote a result: no such layer"
)
_add("memory", "more memory than its limit", "exited with status 1 .*: MemoryError")
_add("nan_loss", "a loss that is NaN", f"{_UNUSABLE}JSON is malformed: invalid character")
_add(
    "infinite_loss", "a loss that is infinite", f"{_UNUSABLE}.*out of range|loss is inf in epoch 1"
)
_add("reason", "a reason in place of a result", "NonFiniteLossError: loss is nan in epoch 1")
_add("garbage", "bytes that are no result", f"{_UNUSABLE}JSON is malformed")
_add("half", "half a result", f"{_UNUSABLE}Input data was truncated")
_add("empty", "an empty result", f"{_UNUSABLE}Input data was truncated")
_add("deep", "a result nested 100,000 deep", _UNUSABLE)
_add(
    "folder",
    "a folder where its result should be",
    "the worker's result cannot be read: Is a directory",
)
_add("more_epochs", "more epochs than asked for", "the worker returned 3 epochs instead of 2")
_add("clock_back", "a clock that steps back an hour", f"{_UNUSABLE}epoch 1 has a duration that")
_add("other_clock", "readings of another clock", "its clock readings lie outside its launch")

_KILLED = "no result within the timeout of 3 s; the worker was killed"
for _mode, _fault, _ids in (
    ("hang_in_import", "a hang before the first line", False),
    ("hang", "a hang in a step, with a child", True),
    ("hang_deaf", "a hang that ignores SIGTERM, SIGINT and SIGHUP, with a child", True),
    ("stop_itself", "a worker suspended by SIGSTOP", False),
):
    WORKER.add(
        _mode,
        _fault,
        "it is killed at its timeout with all its children",
        code=1,
        sentence=f"FAILED .*: {_KILLED}",
        inject=hangs(_mode, ids=_ids),
    )


@WORKER.row(
    "a crash at exit, after its result",
    "the result counts, and the exit status is in its record",
    code=0,
    sentence="ok in .* s",
)
def crash_at_exit(stage: Stage) -> Ended:
    done = stage.run("crash_at_exit")
    assert [(r.status, r.exit_status) for r in stage.records()] == [("ok", -11)]
    return done


def outlived(mode: str) -> Inject:
    def inject(stage: Stage) -> Ended:
        done = stage.run(mode)
        [record] = stage.records()
        assert record.status == "ok" and len(hung_pids(record.log_tail)) == 2
        assert are_gone(hung_pids(record.log_tail))
        return done

    return inject


for _mode, _fault in (
    ("orphan", "a child that outlives it"),
    ("daemon", "a child that outlives it as a daemon does, in a session of its own"),
):
    WORKER.add(
        _mode,
        _fault,
        "the child is killed; the result counts",
        code=0,
        sentence="ok in .* s",
        inject=outlived(_mode),
    )


@WORKER.row(
    "5 MB on its standard output",
    "the result counts; the record keeps the end of it",
    code=0,
    sentence="ok in .* s",
)
def chatty(stage: Stage) -> Ended:
    done = stage.run("chatty")
    [record] = stage.records()
    assert record.log_tail.endswith("last words\n") and len(record.log_tail) <= 4_000
    return done


@WORKER.row(
    "Keras resolves another backend than was asked for",
    "its cell fails and names both",
    code=1,
    sentence="FAILED .*: BackendError: keras runs on torch, not on jax",
)
def wrong_backend(stage: Stage) -> Ended:
    source = "class backend:\n    backend = staticmethod(lambda: 'torch')\n"
    return stage.run("ok", more=(f"--python=jax={real_worker(stage, source)}",))


@WORKER.row(
    "a backend that is not installed",
    "its cells are blocked with the reason; exit code 2 when all are",
    code=2,
    sentence="cannot run: .* does not have both keras and jax installed",
)
def missing_backend(stage: Stage) -> Ended:
    python = plant_python(stage, "exit 1", versions={"python": "3.11.9", "keras": "3.15.1"})
    return stage.run("ok", more=(f"--python=jax={python}",))


@WORKER.row(
    "another Keras is installed after its cell was stored",
    "the cell is trained again; the old record is kept",
    code=0,
    sentence="0 stored .*, 1 to train",
)
def upgraded(stage: Stage) -> Ended:
    more = (f"--python=jax={plant_python(stage)}",)
    assert stage.run("ok", more=more).code == 0
    plant_python(stage, versions={**VERSIONS, "keras": "3.16.0"})
    done = stage.run("ok", more=more)
    assert [record.versions["keras"] for record in stage.records()] == ["3.15.1", "3.16.0"]
    return done


@WORKER.row(
    "another Keras is installed while it trains",
    "its cell fails, since its record would name the wrong version",
    code=1,
    sentence="FAILED .*: keras was 3.15.1 when this was planned and is 3.16.0 now",
)
def upgraded_in_mid_run(stage: Stage) -> Ended:
    return stage.run("upgrade", more=(f"--python=jax={plant_python(stage)}",))
