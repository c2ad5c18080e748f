"""A side of the gate: an environment in which a cell can be trained."""

import os
from pathlib import Path
from typing import Final

import msgspec

_KEYS: Final = "python=PATH, src=DIR and env.NAME=VALUE"


class SideTextError(ValueError):
    """A side as a user writes it names something that does not exist."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """An interpreter, a folder that holds `models/`, and variables; "" is what this checkout has.

    The harness itself is always this checkout's.
    """

    python: str = ""
    source: str = ""
    variables: dict[str, str] = {}

    @property
    def outer(self) -> dict[str, str]:
        """The environment that a worker of this side starts from."""
        return {**os.environ, **self.variables}


def parse_side(text: str) -> Side:
    """Return the side of `python=PATH,src=DIR,env.NAME=VALUE`; all parts may be left out.

    SideTextError says what is wrong.
    """
    fields: dict[str, str] = {}
    variables: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        key, separator, value = part.partition("=")
        target = variables if key.startswith("env.") else fields
        name = key.removeprefix("env.")
        if not separator or not name or (target is fields and key not in ("python", "src")):
            raise SideTextError(f"side {text!r} has the part {part!r}; allowed are {_KEYS}.")
        if name in target:
            raise SideTextError(f"side {text!r} says {key} twice.")
        target[name] = value
    source = fields.get("src", "")
    if source and not (Path(source) / "models").is_dir():
        raise SideTextError(f"side {text!r} has src={source}, where there is no folder models.")
    return Side(
        python=fields.get("python", ""),
        source=str(Path(source).resolve()) if source else "",
        variables=variables,
    )
