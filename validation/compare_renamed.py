"""`python -m validation.compare_renamed OLD NEW`: compare two folders' CSVs, except for names.

OLD and NEW are two copies of `reports/published`, or of any folder with CSVs, before and after the
stored names changed with version 5 of the records. Every cell must be equal as text after columns,
files and words are renamed by the tables below.
"""

import argparse
import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

#: The current names of files, by their former names.
RENAMED_FILES: Final[Mapping[str, str]] = {"ledger.csv": "provenance.csv"}

_RACE: Final = {"race_sitting": "race_session"}
_LAYERS: Final = {"part": "scope", "kind": "layer_class", "pass": "direction"}

#: The current names of columns, by the former name of their file.
RENAMED_COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "cells.csv": _RACE,
    "rounds.csv": _RACE,
    "comparison.csv": {"unlike": "mismatched"},
    "ratios.csv": {
        "unlike": "mismatched",
        "gemm_movement": "gemm_drift",
        "copy_movement": "copy_drift",
        "movement_bound": "drift_bound",
        "sittings": "sessions",
        "sitting_rounds": "session_rounds",
    },
    "parity.csv": {"closest": "max_bound_fraction"},
    "compare.csv": {
        "function": "parity",
        "gemm_moved": "gemm_drift",
        "copy_moved": "copy_drift",
    },
    "layers.csv": {**_LAYERS, "same": "shared_with"},
    "gaps.csv": _LAYERS,
    "equivalence.csv": {"says": "verdict"},
    "accuracy.csv": {"says": "verdict"},
    "screening.csv": {"says": "verdict"},
    "pairs.csv": {"sitting": "session"},
    "slices.csv": {"turn": "slice"},
}

_VERDICTS: Final = ("regressed", "improved", "pass", "inconclusive", "invalid", "undecided")

#: The current words for values, by the former names of their file and column.
RENAMED_VALUES: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("ratios.csv", "status"): {"unlike": "mismatched"},
    ("compare.csv", "time"): {"unlike": "mismatched"},
    ("proof.csv", "question"): {
        f"gates that say {verdict}": f"gates with verdict {verdict}" for verdict in _VERDICTS
    },
}


class ComparedFile(NamedTuple):
    """One file of the old folder: the compared numbers of rows and values, and each difference."""

    path: Path
    rows: int
    values: int
    renamed: int
    differences: tuple[str, ...]


def compare_folders(old: Path, new: Path) -> list[ComparedFile]:
    """Return a comparison per CSV in `old`, sorted by path, then per CSV only in `new`."""
    paths = sorted(path.relative_to(old) for path in old.rglob("*.csv"))
    renamed = {path.with_name(RENAMED_FILES.get(path.name, path.name)): path for path in paths}
    added = sorted({path.relative_to(new) for path in new.rglob("*.csv")} - renamed.keys())
    return [
        *(_compare(former, old / former, new / path) for path, former in renamed.items()),
        *(ComparedFile(path, 0, 0, 0, ("it is only in the new folder",)) for path in added),
    ]


def _compare(name: Path, old: Path, new: Path) -> ComparedFile:
    if not new.is_file():
        return ComparedFile(name, 0, 0, 0, ("it is missing in the new folder",))
    columns = RENAMED_COLUMNS.get(name.name, {})
    (old_head, *old_rows), (new_head, *new_rows) = _read(old), _read(new)
    expected = [columns.get(column, column) for column in old_head]
    differences = []
    if expected != new_head:
        differences.append(f"columns {new_head} instead of {expected}")
    if len(old_rows) != len(new_rows):
        differences.append(f"{len(new_rows)} rows instead of {len(old_rows)}")
    differences += _different_values(name.name, old_head, old_rows, new_rows)
    return ComparedFile(
        path=name,
        rows=len(old_rows),
        values=sum(map(len, old_rows)),
        renamed=sum(column in columns for column in old_head),
        differences=tuple(differences),
    )


def _read(path: Path) -> list[list[str]]:
    """Return the cells of a CSV as text, the head first; an empty file has an empty head."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file)) or [[]]


def _different_values(
    name: str, head: Sequence[str], old: Sequence[list[str]], new: Sequence[list[str]]
) -> Iterator[str]:
    words = [RENAMED_VALUES.get((name, column), {}) for column in head]
    for number, (before, after) in enumerate(zip(old, new, strict=False), start=1):
        expected = [each.get(value, value) for each, value in zip(words, before, strict=True)]
        if len(expected) != len(after):
            yield f"row {number} has {len(after)} cells instead of {len(expected)}"
            continue
        for column, value, actual in zip(head, expected, after, strict=True):
            if value != actual:
                yield f"row {number}, {column}: {actual!r} instead of {value!r}"


def difference_lines(compared: Sequence[ComparedFile]) -> list[str]:
    """Return a line per file, a line of totals, and a line per difference."""
    head = ("file", "rows", "values", "columns renamed", "differences")
    counts = [(each.rows, each.values, each.renamed, len(each.differences)) for each in compared]
    totals = tuple(sum(column) for column in zip(*counts, strict=True)) or (0, 0, 0, 0)
    rows = [head, *((str(each.path), *count) for each, count in zip(compared, counts, strict=True))]
    texts = [tuple(map(str, row)) for row in (*rows, (f"all {len(compared)} files", *totals))]
    widths = [max(len(row[column]) for row in texts) for column in range(len(head))]
    return [
        *(
            "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
            for row in texts
        ),
        *(f"{each.path}: {text}" for each in compared for text in each.differences),
    ]


def compare_renamed_main(words: Sequence[str] | None = None) -> int:
    """Compare two folders and print the table; return 1 if anything differs or there is no CSV."""
    parser = argparse.ArgumentParser(
        prog="python -m validation.compare_renamed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    arguments = parser.parse_args(words)
    compared = compare_folders(arguments.old, arguments.new)
    print("\n".join(difference_lines(compared)))
    return 1 if not compared or any(each.differences for each in compared) else 0


if __name__ == "__main__":
    raise SystemExit(compare_renamed_main())
