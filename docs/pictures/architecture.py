"""The rooms of the code, from the layers that import-linter holds."""

import tomllib
from pathlib import Path
from typing import Final

from docs.pictures.svg import arrow, drawing, labelled, text

#: What each room is for; a room that is missing here fails the build.
PURPOSES: Final = {
    "validation": "is the tool itself right: error rates, overhead, large reports",
    "cli": "one file per command, with its options",
    "integrity": "check and repair the files of the reports folder",
    "regression": "lock-step pairs, verdicts, accuracy over seeds, trend",
    "profiling": "the cost of each layer",
    "report": "records to tables, tables to charts, both to CSV, Markdown and HTML",
    "parity": "do the backends compute the same function",
    "runner": "from cells to records: plan, order, worker process",
    "storage": "bytes on the disk: atomic files, the record store, sessions",
    "system": "this machine: facts, interpreters, calibration, the timing lock",
    "core": "the nouns: cell, suite, workload, record, exit codes",
    "stats": "numbers in, numbers out",
    "models": "Keras builders only",
    "data": "NumPy arrays only",
    "worker": "the child process: the only room that imports a framework",
}
_WIDTH, _HEIGHT, _GAP = 700, 40, 12


def architecture_picture(pyproject: Path) -> str:
    """Return the layers of the import contract in `pyproject`, one floor each, top floor first.

    KeyError when a room has no purpose here.
    """
    layers = _layers(pyproject)
    shapes, y = [], 10
    for layer in layers:
        rooms = [room.strip().removeprefix("bench.") for room in layer.split("|")]
        width = (_WIDTH - _GAP * (len(rooms) - 1)) / len(rooms)
        for place, room in enumerate(rooms):
            shapes += _room(10 + place * (width + _GAP), y, width, room)
        y += _HEIGHT + _GAP
    shapes += [
        arrow(_WIDTH + 36, 20, _WIDTH + 36, y - 20),
        text(_WIDTH + 50, 44, "imports go", "small", "start"),
        text(_WIDTH + 50, 60, "down only", "small", "start"),
        *_room(10, y + 14, _WIDTH, "worker"),
        text(10, y + 76, "Started as a process, imported by nobody.", "small", "start"),
    ]
    title = "The rooms of the code from top to bottom: " + ", then ".join(layers)
    return drawing(_WIDTH + 140, y + 86, title, shapes)


def _layers(pyproject: Path) -> list[str]:
    contracts = tomllib.loads(pyproject.read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    return next(contract["layers"] for contract in contracts if contract["type"] == "layers")


def _room(x: float, y: float, width: float, room: str) -> list[str]:
    purpose = PURPOSES[room]
    if width > 500:
        shapes = labelled(x, y, width, _HEIGHT, "")
        name = text(x + 14, y + 25, room, "strong", "start")
        return [*shapes, name, text(x + 112, y + 25, purpose, "small", "start")]
    shapes = labelled(x, y, width, _HEIGHT, "")
    middle = x + width / 2
    return [*shapes, text(middle, y + 17, room, "strong"), text(middle, y + 32, purpose, "small")]
