"""The examples that Keras publishes: the files of `examples/keras_io` in keras-team/keras-core."""

import re
from dataclasses import dataclass
from pathlib import Path

from bench.core.cell import BACKENDS
from bench.core.text import BenchError

_TENSORFLOW_ONLY = re.compile(r"""KERAS_BACKEND['"]\] = ['"]tensorflow""")


class ExamplesError(BenchError):
    """The folder of examples, their environment or their rows cannot be used."""


@dataclass(frozen=True)
class Example:
    """One example: its file, and its name relative to the folder."""

    path: Path
    name: str

    @property
    def short(self) -> str:
        """The file's name without `.py`: no two examples share one."""
        return self.path.stem

    @property
    def backends(self) -> tuple[str, ...]:
        """The backends that the example is written for: by its folder, or as it sets itself."""
        room = self.name.split("/", 1)[0]
        if room == "tensorflow" or _TENSORFLOW_ONLY.search(self.path.read_text(encoding="utf-8")):
            return ("tensorflow",)
        return ("torch",) if room == "pytorch" else BACKENDS


def find_examples(folder: Path) -> list[Example]:
    """Return every example below `folder`, the ones for all backends first.

    `folder` is `examples/keras_io` of a copy of keras-core outside of this checkout; ExamplesError
    if it holds no Python file.
    """
    paths = sorted(folder.rglob("*.py"))
    if not paths:
        raise ExamplesError(f"{folder} holds no examples: copy examples/keras_io of keras-core")
    examples = [Example(path, str(path.relative_to(folder).with_suffix(""))) for path in paths]
    return sorted(examples, key=lambda example: (-len(example.backends), example.name))


def select(examples: list[Example], names: list[str]) -> list[Example]:
    """Return the examples whose short or whole names were given, all without any name."""
    if not names:
        return examples
    by_name = {e.short: e for e in examples} | {e.name: e for e in examples}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ExamplesError(f"no example is called {', '.join(unknown)}")
    return [by_name[name] for name in names]
