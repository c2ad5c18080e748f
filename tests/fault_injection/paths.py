"""The code paths of the rows: the first row of each runs in CI, all of them in `tox -e slow`.

A row is named FAMILY/NAME. Rows of one path differ in the fault, not in the code that meets it.
"""

from typing import Final

_WORKER: Final = {
    "a worker ends by a signal": ("sigkill", "sigsegv", "realtime-signal"),
    "a worker ends with a status": ("crash", "memory"),
    "a worker gives a reason": ("reason",),
    "a result cannot be decoded": ("half", "garbage", "nan-loss", "empty", "deep", "folder"),
    "a result contradicts its job": ("more-epochs", "infinite-loss"),
    "a result's clock readings are impossible": ("other-clock", "clock-back"),
    "a worker runs into its timeout": ("hang-deaf", "hang", "hang-in-import", "stop-itself"),
    "a worker leaves a child": ("daemon", "orphan"),
    "a worker ends badly after its result": ("crash-at-exit",),
    "a worker prints much": ("chatty",),
    "the probe of an interpreter": ("missing-backend",),
    "a worker runs on another backend": ("wrong-backend",),
    "versions change": ("upgraded-in-mid-run", "upgraded"),
}
_CHILDREN: Final = {
    "a side of a gate leaves a child": (
        *("gate-daemon-trouble", "gate-orphan-trouble", "gate-daemon-die", "gate-orphan-die"),
    ),
    "another worker leaves a child": (
        *("layers-daemon", "layers-orphan", "certify-daemon", "certify-orphan"),
        *("overhead-daemon", "overhead-orphan"),
    ),
    "a dataset function leaves a child": (
        *("function-hangs-daemon", "function-hangs-orphan", "function-daemon", "function-orphan"),
    ),
    "Ctrl-C while children hang": (
        *("gate-ctrl-c", "certify-ctrl-c", "layers-ctrl-c", "overhead-ctrl-c", "function-ctrl-c"),
    ),
}
_MACHINE: Final = {
    "a record cannot be written": (
        *("full-disk-in-mid-run", "read-only-in-mid-run", "folder-replaced"),
        *("few-files-in-mid-run", "few-files"),
    ),
    "the store is probed before the run": (
        *("read-only-before", "full-disk-before", "file-as-reports"),
    ),
    "a folder is made again": ("folder-removed",),
    "the clock is behind": ("clock-behind",),
    "a run is suspended": ("suspended",),
    "the machine changes under a run": ("one-processor-of-matched", "one-processor"),
    "the standard output cannot be written": ("full-output",),
    "nobody reads the standard output": ("closed-output",),
    "the timing lock cannot be taken": ("lock-is-a-folder",),
}
_STORE: Final = {
    "a record cannot be decoded": ("truncated", "empty", "corrupt", "zeros"),
    "a record is of another version": ("newer", "older"),
    "a record contradicts itself": ("edited-status", "edited-key", "edited-time"),
    "a record cannot be opened": ("loops", "folder", "pipe", "looping-runs", "forbidden"),
    "files that are no records": ("foreign",),
    "a record is there twice": ("doubled",),
}
_INTERRUPTION: Final = {
    "signals in mid-run": ("impatient", "ctrl-c", "sigterm"),
    "the terminal goes away": ("closed-terminal",),
    "Ctrl-C while it plans": ("planning",),
    "SIGKILL in mid-run": ("killed",),
}
_DATA: Final = {
    "a prepared dataset is damaged": (
        *("array-cut", "array-gone", "array-touched", "deleted"),
        *("manifest-cut", "manifest-gone", "manifest-newer"),
    ),
    "the cache cannot be written": ("full-cache", "foreign"),
    "the cache goes away in mid-run": ("deleted-before-reading", "deleted-in-mid-read"),
}
_SOURCE: Final[dict[str, tuple[str, ...]]] = {
    "a user's data is refused": (
        *("cifar10-label", "cifar10-cut", "cifar10-longer", "cifar10-lacks-a-file"),
        *("cifar10-archive", "npz-garbage", "npz-cut", "npz-objects", "npz-counts"),
        *("npz-missing", "digits", "broken-picture", "function"),
    ),
}
_DOWNLOAD: Final = {
    "a download fails": (
        *("cut-off", "not-found", "broken-server", "no-network", "cut-at-random"),
    ),
    "a download is not what it must be": ("html", "changed"),
    "a download is waited for or begun again": ("two-at-once", "killed"),
}
_SUITE: Final = {
    "a suite cannot be decoded": (
        *("unknown-key", "wrong-type", "no-cells", "empty-file", "no-toml", "no-text"),
        *("nested", "missing", "many-cells"),
    ),
    "a suite has a value that is not allowed": (
        *("negative", "absurd", "backend", "workload", "dataset"),
    ),
}
_ARGUMENTS: Final = {
    "the parser refuses": (
        *("option", "no-command", "command", "timeout", "nan-timeout", "repeats", "word"),
    ),
    "a command refuses": ("zero-batch", "suite", "python", "run-id", "compare"),
    "an interpreter is missing": ("no-interpreter",),
}
_PATHS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "worker": _WORKER,
    "children": _CHILDREN,
    "machine": _MACHINE,
    "store": _STORE,
    "interruption": _INTERRUPTION,
    "two runs at once": {"two runs, one lock": ("second",), "two locks": ("two-locks",)},
    "power cut": {"SIGKILL at random moments": ("kills-25", "kills-1000")},
    "load": {"two runs write at once": ("two-runs", "five-minutes")},
    "prepared data": _DATA,
    "data of a user": _SOURCE,
    "download": _DOWNLOAD,
    "suites": _SUITE,
    "arguments": _ARGUMENTS,
}
#: FAMILY/NAME of the rows of each code path.
PATHS: Final = {
    f"{family}: {path}": tuple(f"{family}/{name}" for name in names)
    for family, paths in _PATHS.items()
    for path, names in paths.items()
}
#: The first row of each path.
QUICK: Final = frozenset(names[0] for names in PATHS.values())
