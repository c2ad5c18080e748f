"""A baseline that is not the same cells, machine and data is refused by name."""

from typing import Any

import pytest

from bench.regression.pytest_plugin.saved_baseline import (
    MUST_MATCH,
    Baseline,
    baseline_failures,
    parse_baseline,
    same_records,
)

_INFO: dict[str, object] = {
    **dict.fromkeys(MUST_MATCH, "same"),
    "digest": "d",
    "run_ids": ["r"],
}
_ROWS: dict[str, dict[str, object]] = {"f.py::row[a]": _INFO, "f.py::row[b]": _INFO}


def _baseline(rows: dict[str, dict[str, Any]]) -> Baseline:
    content = [{"fullname": name, "extra_info": info} for name, info in rows.items()]
    return parse_baseline({"datetime": "then", "benchmarks": content})


def test_a_baseline_of_the_same_rows_is_accepted_whatever_was_run() -> None:
    assert baseline_failures(_baseline(_ROWS), _ROWS) == []
    other = {name: {**info, "digest": "e"} for name, info in _ROWS.items()}
    assert baseline_failures(_baseline(other), _ROWS) == []


def test_a_row_that_only_one_side_has_is_named() -> None:
    rows = {"f.py::row[a]": _INFO}
    (missing,) = baseline_failures(_baseline(rows), _ROWS)
    assert missing == "row[b] is missing in the baseline saved then, so it was not compared."
    (extra,) = baseline_failures(_baseline(_ROWS), rows)
    assert extra == "row[b] is in the baseline saved then but is not a cell of this suite."


def test_a_row_moved_to_another_file_is_missing_since_it_is_compared_by_full_name() -> None:
    moved = {name.replace("f.py", "g.py"): info for name, info in _ROWS.items()}
    assert len(baseline_failures(_baseline(moved), _ROWS)) == 4


@pytest.mark.parametrize("field", MUST_MATCH)
def test_unlike_rows_are_refused_with_both_values(field: str) -> None:
    saved = {**_ROWS, "f.py::row[b]": {**_INFO, field: "another"}}
    (sentence,) = baseline_failures(_baseline(saved), _ROWS)
    assert sentence.startswith("row[b] cannot be compared")
    assert f"{field} was 'another' and is 'same'" in sentence


def test_a_saved_row_that_says_nothing_about_itself_is_refused() -> None:
    saved: dict[str, dict[str, Any]] = {name: {} for name in _ROWS}
    assert len(baseline_failures(_baseline(saved), _ROWS)) == len(_ROWS) * len(MUST_MATCH)


def test_times_compared_with_themselves_are_noticed() -> None:
    saved = {**_ROWS, "f.py::row[b]": {**_INFO, "run_ids": ["older"]}}
    assert same_records(_baseline(saved), _ROWS) == ["f.py::row[a]"]
