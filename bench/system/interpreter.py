"""The Python interpreter of each backend, and the versions installed there."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from bench.core.cell import BACKENDS
from bench.core.paths import CHECKOUT
from bench.core.serialization import DecodeError, decode_json
from bench.core.text import BenchError
from bench.system.orphans import become_subreaper, kill_orphans

#: The tox environment of each backend on the CPU.
TOX_ENVS: Final = {"jax": "jax", "tensorflow": "tf", "torch": "torch"}

#: The end of the name of an environment with TensorFlow beside another backend.
_WITH_TENSORFLOW: Final = "-with-tf"

#: Packages whose versions are recorded, if they are installed.
_VERSIONED: Final = (
    "keras",
    "numpy",
    "pandas",
    "jax",
    "jaxlib",
    "tensorflow",
    "tensorflow-cpu",
    "torch",
    "nvidia-cudnn-cu12",
    "nvidia-cudnn-cu13",
)
_BACKEND_PACKAGES: Final = {
    "jax": ("jax", "jaxlib"),
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "torch": ("torch",),
}

_PROBE: Final = f"""
import importlib.metadata as metadata, json, platform
versions = {{"python": platform.python_version()}}
for name in {_VERSIONED!r}:
    try:
        versions[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
print(json.dumps(versions))
"""


#: An interpreter that has not answered by then never will.
_PROBE_SECONDS: Final = 60.0
#: Far more than the answer of an interpreter.
_MOST_BYTES: Final = 1_000_000


class InterpreterError(BenchError):
    """No usable Python interpreter was found for a backend."""


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """A Python that can run `backend`, and the versions installed there."""

    backend: str
    python: str
    versions: dict[str, str]

    @property
    def digest_versions(self) -> dict[str, str]:
        """The versions that a cell's digest covers, as `digest_versions` returns them."""
        return digest_versions(self.backend, self.versions)


def digest_versions(backend: str, versions: Mapping[str, str]) -> dict[str, str]:
    """Return the versions that the digest of a backend's cell covers.

    They are those of keras, of the backend's own packages, and of a TensorFlow beside another
    backend, which then computes some of the preprocessing.
    """
    names = dict.fromkeys(("keras", *_BACKEND_PACKAGES[backend], *_BACKEND_PACKAGES["tensorflow"]))
    return {name: versions[name] for name in names if name in versions}


def tox_env(backend: str, device: str = "cpu") -> str:
    """Return the name of the tox environment that runs `backend` on `device`."""
    return TOX_ENVS[backend] if device == "cpu" else f"{TOX_ENVS[backend]}-cuda"


def find_interpreter(backend: str, chosen: Mapping[str, str], device: str = "cpu") -> Interpreter:
    """Return the interpreter of `backend` on `device`, "cpu" or "gpu".

    The order of precedence is: `chosen`, the tox environment of the backend and device, and this
    interpreter if the backend is installed in it. Raises InterpreterError, with the missing part
    named.
    """
    env = tox_env(backend, device)
    tox_python = CHECKOUT / ".tox" / env / "bin" / "python"
    if backend in chosen:
        return _checked(backend, chosen[backend])
    if tox_python.exists():
        return _checked(backend, str(tox_python))
    try:
        return _checked(backend, sys.executable)
    except InterpreterError:
        raise InterpreterError(
            f"{backend} has no interpreter for the {device}: .tox/{env} does not exist, and this "
            f"Python lacks keras or {backend}; run `tox run --notest -e {env}`, or choose "
            f"an interpreter with --python {backend}=PATH."
        ) from None


def with_tensorflow(chosen: Mapping[str, str]) -> dict[str, str]:
    """Return `chosen`, with the environments in which TensorFlow is beside jax and torch."""
    others = {backend: env for backend, env in TOX_ENVS.items() if backend != "tensorflow"}
    folder = CHECKOUT / ".tox"
    pythons = {
        backend: str(folder / f"{env}{_WITH_TENSORFLOW}" / "bin" / "python")
        for backend, env in others.items()
    }
    return {**pythons, **chosen}


def parse_choices(texts: list[str]) -> dict[str, str]:
    """Return `{"jax": "/path/python"}` of `["jax=/path/python"]`; raises InterpreterError."""
    chosen = {}
    for text in texts:
        backend, separator, path = text.partition("=")
        if backend not in BACKENDS or not separator or not path:
            raise InterpreterError(
                f"--python {text!r} is not BACKEND=PATH; backends are {', '.join(BACKENDS)}."
            )
        chosen[backend] = path
    return chosen


def _checked(backend: str, python: str) -> Interpreter:
    env = Path(python).parents[1].name if len(Path(python).parents) > 1 else ""
    if env.endswith(_WITH_TENSORFLOW) and not Path(python).exists():
        raise InterpreterError(
            f"--with-tensorflow needs .tox/{env}, which does not exist; run "
            f"`tox run --notest -e {env}`."
        )
    versions = probe_versions(python)
    needed = ("keras", *_BACKEND_PACKAGES[backend])
    if "keras" not in versions or not any(name in versions for name in needed[1:]):
        raise InterpreterError(f"{python} does not have both keras and {backend} installed.")
    return Interpreter(backend=backend, python=python, versions=versions)


def changed_version(interpreter: Interpreter) -> str | None:
    """Return a phrase about the first version that changed since the plan, or None."""
    try:
        now = _ask_versions(interpreter.python)
    except InterpreterError as error:
        return str(error)
    for name, before in interpreter.versions.items():
        if now.get(name) != before:
            current = now.get(name, "not installed")
            return f"{name} was {before} when this was planned and is {current} now"
    return None


@cache
def probe_versions(python: str) -> dict[str, str]:
    """Return the versions of the recorded packages in the interpreter `python`."""
    return _ask_versions(python)


def _ask_versions(python: str) -> dict[str, str]:
    status, output, errors = _run_probe(python)
    if status != 0:
        last = (errors.strip().splitlines() or ["no message"])[-1]
        raise InterpreterError(f"{python} does not work as a Python interpreter: {last}.")
    try:
        return decode_json(output, dict[str, str])
    except DecodeError as error:
        raise InterpreterError(
            f"{python} does not respond like a Python interpreter: {error}."
        ) from error


def _run_probe(python: str) -> tuple[int, str, str]:
    """Return the exit status, the output and the errors of the probe; InterpreterError if late.

    They go to files: a process that a wrapper script leaves behind may hold a pipe for ever.
    """
    known = become_subreaper()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                [python, "-I", "-c", _PROBE],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            raise InterpreterError(f"{python} cannot be run: {error}.") from error
        try:
            status = process.wait(_PROBE_SECONDS)
        except subprocess.TimeoutExpired:
            raise InterpreterError(
                f"{python} gave no answer within {_PROBE_SECONDS:g} s, and was killed."
            ) from None
        finally:
            process.kill()
            process.wait()
            kill_orphans(known)
        return status, _read_text(output), _read_text(errors)


def _read_text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read(_MOST_BYTES).decode(errors="replace")
