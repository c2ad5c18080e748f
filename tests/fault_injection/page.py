"""docs/faults.md: the table, with what was seen."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.core.paths import CHECKOUT
from tests.fault_injection.row import Row
from tests.fault_injection.stage import Ended, Stage, make_template
from tests.fault_injection.starter import Starter

PAGE: Final = CHECKOUT / "docs" / "faults.md"

_HEAD: Final = """# The fault table

This page lists the faults that were injected into the suite, what must happen, and what happened.

Each fault is really injected into the real command line, with a fast fake in place of the worker.
Then the exit code, the sentence and every earlier record are compared with this page. The page is
written by `python -m tests.fault_injection`, from the rows in the folder of that module.

One row of each code path runs with every `tox`, in processes that have the imports behind them and
draw no figures. `tox -e slow` runs all rows, those marked *slow* too, through `python -m bench`
itself. `…` stands for text that differs from call to call: folders, hashes, seconds.
"""
_COLUMNS: Final = (
    "| fault | what must happen | what did: exit code and sentence |\n| --- | --- | --- |"
)


@dataclass(frozen=True)
class Seen:
    """What came of a row: the exit code and the sentence, without what differs between calls."""

    code: int
    sentence: str


def play(row: Row, starter: Starter, folder: Path, template: Path) -> Seen:
    """Inject the fault of a row in a new `folder` and return what was seen.

    AssertionError when it is not what must happen, or an earlier record is not what it was.
    """
    stage = Stage(starter, folder, template)
    done = row.inject(stage)
    stage.check()
    return Seen(done.code, sentence_of(row, stage, done))


def sentence_of(row: Row, stage: Stage, done: Ended) -> str:
    """Return what the row's `says` finds; AssertionError where it finds nothing."""
    assert done.code == row.code, (row.name, done)
    match = re.search(row.sentence, done.text, re.MULTILINE if done.text else 0)
    assert match, (row.name, row.sentence, done.text)
    assert 'bench/cli/main.py", line' not in done.text, "a traceback of ours"
    return stage.neutral(match[0])


def row_line(row: Row, sentence: str | None) -> str:
    """Return the row's line of the page, without its end where the sentence is not known."""
    fault = f"{row.fault} *(slow)*" if row.slow else row.fault
    begin = f"| {fault} | {row.must} | {row.code}: "
    if sentence is None:
        return begin
    escaped = sentence.replace("|", "\\|")
    return f"{begin}`{escaped}` |" if sentence else f"{begin}nothing |"


def page_text(lines: Sequence[tuple[Row, str]]) -> str:
    """Return the page of these rows, each with its line."""
    return "\n".join([_HEAD.rstrip(), *_tables(lines), ""])


def _tables(lines: Sequence[tuple[Row, str]]) -> Iterator[str]:
    family = ""
    for row, line in lines:
        if row.family != family:
            family = row.family
            yield f"\n## {family[0].upper()}{family[1:]}\n"
            yield _COLUMNS
        yield line


def write_page(rows: Sequence[Row], *, slow: bool) -> Path:
    """Play the rows and write the page; return its path.

    Unless `slow`, the lines of slow rows are those that the page has, and theirs must be there.
    """
    former = PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else []
    starter = Starter()
    lines = []
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        template = make_template(starter, Path(place) / "template")
        for number, row in enumerate(rows):
            if row.slow and not slow:
                [line] = [line for line in former if line.startswith(row_line(row, None))]
            else:
                print(f"[{number + 1}/{len(rows)}] {row.family}: {row.fault}", flush=True)
                folder = Path(place) / f"row-{number}"
                line = row_line(row, play(row, starter, folder, template).sentence)
            lines.append((row, line))
    starter.close()
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page_text(lines), encoding="utf-8")
    return PAGE
