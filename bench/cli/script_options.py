"""The options of a whole script, and the cells that they select."""

import argparse
from collections.abc import Sequence
from typing import Final

from bench.core.cell import BACKENDS, OWN_DATA, Cell, CellError
from bench.core.script import Script, find_script
from bench.core.text import BenchError
from bench.core.workload import allow_unsafe, resolve_workload

#: The options of a suite's cells, which a script decides itself or has no use for.
_REFUSED: Final = (
    "workload",
    "dataset",
    "data_dir",
    "epochs",
    "batch_size",
    "limit_train",
    "limit_test",
    "task",
    "unsafe_keras",
)


class ScriptOptionError(BenchError, ValueError):
    """An option cannot be combined with a script."""


def add_script(parser: argparse.ArgumentParser) -> None:
    """Add the options of a whole script; its arguments follow `--` on the command line."""
    add = parser.add_argument
    add(
        "--script",
        metavar="FILE.py",
        help="run this training script, unchanged, instead of a suite; its arguments follow --",
    )
    add("--stand-ins", metavar="DIR", help="files that replace the downloads of the script")
    parser.set_defaults(script_arguments=())


def read_script(arguments: argparse.Namespace) -> Script | None:
    """Return the script that the options name, or None; raises ScriptNameError.

    Raises ScriptOptionError for an option that a script does not have, and for stand-ins without
    a script.
    """
    path, stand_ins = getattr(arguments, "script", None), getattr(arguments, "stand_ins", None)
    if path is None:
        if stand_ins is not None:
            raise ScriptOptionError("--stand-ins is given without --script.")
        return None
    for name in _REFUSED:
        if getattr(arguments, name, None) not in (None, False):
            raise _refused(f"--{name.replace('_', '-')}")
    if getattr(arguments, "suite", None) != getattr(arguments, "default_suite", None):
        raise _refused("--suite")
    if "matched" in (getattr(arguments, "lane", None) or ()):
        raise _refused("--lane matched")
    return find_script(path, arguments.script_arguments, stand_ins)


def chosen_workloads(arguments: argparse.Namespace, default: Sequence[str]) -> list[str]:
    """Return the workloads that a command's arguments name, a script among them, or the default.

    Raises ScriptNameError, ScriptOptionError or WorkloadNameError.
    """
    if arguments.script is not None:
        if arguments.workloads:
            raise _refused(arguments.workloads[0])
        if arguments.dataset is not None:
            raise _refused("--dataset")
        script = find_script(arguments.script, arguments.script_arguments, arguments.stand_ins)
        return [script.workload]
    if arguments.stand_ins is not None:
        raise ScriptOptionError("--stand-ins is given without --script.")
    names = arguments.workloads or default
    return [
        resolve_workload(allow_unsafe(name, getattr(arguments, "unsafe_keras", False)))
        for name in names
    ]


def _refused(option: str) -> ScriptOptionError:
    return ScriptOptionError(
        f"{option} cannot be combined with --script, because a script decides this itself."
    )


def script_cells(script: Script, arguments: argparse.Namespace) -> list[Cell]:
    """Return the cells of a script: one for each backend, precision and seed.

    The seed 0 stands for a script that sets its own seed, or none; the worker sets any other seed
    before the script starts. Raises ScriptOptionError.
    """
    seeds = [arguments.seed] if arguments.seed is not None else [0]
    if arguments.seed == 0:
        raise ScriptOptionError(
            "--seed is 0, which stands for the seeds of the script itself; give 1 or more to set "
            "Keras's seed before the script starts, or leave the option out."
        )
    if arguments.seeds is not None:
        seeds = list(range(1, arguments.seeds + 1))
    try:
        return [
            Cell(
                workload=script.workload,
                dataset=OWN_DATA,
                backend=backend,
                precision=precision,
                batch_size=None,
                epochs=None,
                seed=seed,
                device=arguments.device or "cpu",
            )
            for precision in arguments.precision or ("float32",)
            for seed in seeds
            for backend in BACKENDS
            if not arguments.backend or backend in arguments.backend
        ]
    except CellError as error:
        raise ScriptOptionError(str(error)) from error
