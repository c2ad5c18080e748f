"""A side: one of two compared environments in which a cell is trained."""

import os
import re
from pathlib import Path
from typing import Final

import msgspec

from bench.core.cell import BACKENDS
from bench.core.text import BenchError
from bench.system.environment import is_performance_variable

_KEYS: Final = "python=PATH, python.BACKEND=PATH, src=DIR and env.NAME=VALUE"
#: A comma ends a part only if another part follows, because XLA_FLAGS may contain commas.
_PART_END: Final = re.compile(r",(?=(?:python|src|env)[=.])")


class SideTextError(BenchError, ValueError):
    """A side on the command line cannot be parsed, or names a missing folder."""


class Side(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Interpreters by backend, a folder of workloads, and variables.

    Empty fields mean those of this checkout. `source` is a folder that contains `models/`, or the
    file of a user's workload. The harness is always that of this checkout.
    """

    pythons: dict[str, str] = {}
    source: str = ""
    variables: dict[str, str] = {}

    @property
    def folder(self) -> Path | None:
        """The folder of the workloads; None for this checkout."""
        return Path(self.source) if self.source else None

    @property
    def base_environment(self) -> dict[str, str]:
        """The environment from which that of a worker of this side is derived."""
        return {**os.environ, **self.variables}


#: This checkout's own workloads in its own environments.
HERE: Final = Side()


def parse_side(text: str) -> Side:
    """Return the side of `python=PATH,src=DIR,env.NAME=VALUE`; every part is optional.

    Raises SideTextError.
    """
    fields: dict[str, str] = {}
    for part in filter(None, _PART_END.split(text)):
        key, separator, value = part.partition("=")
        if not separator or not _is_key(key):
            raise SideTextError(
                f"side {text!r} has the invalid part {part!r}; allowed are {_KEYS}."
            )
        if key in fields:
            raise SideTextError(f"side {text!r} gives {key} twice.")
        fields[key] = value
    variables = _strip(fields, "env.")
    for name in variables:
        if not is_performance_variable(name):
            raise SideTextError(
                f"side {text!r} sets {name}, which is not passed on to workers; only variables "
                "that change speed or numerics are, such as XLA_FLAGS, OMP_… and TF_ENABLE_…."
            )
    source = fields.get("src", "")
    if source and not _is_folder(source):
        raise SideTextError(f"side {text!r} has src={source}, which is not a folder.")
    for_all = dict.fromkeys(BACKENDS, fields["python"]) if "python" in fields else {}
    return Side(
        pythons={
            b: str(Path(p).absolute()) for b, p in (for_all | _strip(fields, "python.")).items()
        },
        source=str(Path(source).resolve()) if source else "",
        variables=variables,
    )


def _is_folder(text: str) -> bool:
    try:
        return Path(text).is_dir()
    except (OSError, ValueError):  # too long for a path, or not a path
        return False


def _is_key(key: str) -> bool:
    if key.startswith("python."):
        return key.removeprefix("python.") in BACKENDS
    return key in ("python", "src") or (key.startswith("env.") and key != "env.")


def _strip(fields: dict[str, str], prefix: str) -> dict[str, str]:
    return {k.removeprefix(prefix): v for k, v in fields.items() if k.startswith(prefix)}
