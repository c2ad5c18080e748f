"""A baseline saved by pytest-benchmark: are its rows comparable with the current ones?"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from bench.core.text import BenchError, sanitize_line

#: The facts that must be equal on both sides of a comparison; mismatched rows are refused. Versions
#: and digest may differ, because a regression gate compares before and after a change.
MUST_MATCH: Final = (
    "machine_id",
    "protocol_version",
    "dataset_fingerprint",
    "dataset_official",
    "environment",
)


class SavedError(BenchError, ValueError):
    """A file is not a baseline saved by pytest-benchmark."""


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """One saved file: when it was saved, and its rows' `extra_info` by their full name."""

    saved_at: str
    rows: dict[str, dict[str, Any]]


class _Row(msgspec.Struct):
    fullname: str
    extra_info: dict[str, Any] | None = None


class _Saved(msgspec.Struct):
    benchmarks: list[_Row]
    datetime: str = "at an unknown time"


def parse_baseline(content: object) -> Baseline:
    """Return the baseline in a saved file's `content`, as pytest-benchmark loads it.

    SavedError if it does not have the required fields.
    """
    try:
        saved = msgspec.convert(content, _Saved)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise SavedError(
            f"The saved baseline is not a file of pytest-benchmark: {error}."
        ) from error
    return Baseline(
        saved_at=sanitize_line(saved.datetime),
        rows={row.fullname: row.extra_info or {} for row in saved.benchmarks},
    )


def baseline_failures(baseline: Baseline, rows: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return a sentence per reason why `rows` cannot be compared with the baseline.

    `rows` maps full names, by which pytest-benchmark matches the two sides, to extra_info.
    pytest-benchmark itself does not report a row without a counterpart.
    """
    where = f"the baseline saved {baseline.saved_at}"
    failures = [
        f"{_short(name)} is missing in {where}, so it was not compared."
        for name in rows
        if name not in baseline.rows
    ]
    failures += [
        f"{_short(name)} is in {where} but is not a cell of this suite."
        for name in baseline.rows
        if name not in rows
    ]
    for name in [name for name in rows if name in baseline.rows and rows[name]]:
        failures += [
            f"{_short(name)} cannot be compared with {where}: {difference}."
            for difference in _differences(baseline.rows[name], rows[name])
        ]
    return failures


def same_records(baseline: Baseline, rows: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return the full names of the rows whose records are the same as in the baseline."""
    keys = ("digest", "run_ids")
    return [
        name
        for name, facts in rows.items()
        if facts
        and name in baseline.rows
        and all(baseline.rows[name].get(key) == facts.get(key) for key in keys)
    ]


def _differences(saved: Mapping[str, Any], current: Mapping[str, object]) -> Sequence[str]:
    return [
        f"{field} was {saved.get(field)!r} and is {current.get(field)!r}"
        for field in MUST_MATCH
        if field not in saved or saved[field] != current.get(field)
    ]


def _short(fullname: str) -> str:
    return fullname.rpartition("::")[2]
