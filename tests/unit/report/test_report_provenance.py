"""The provenance: every setting, variable and version by backend, and which of them differ."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from bench.core.record import Record
from bench.report.tables.columns import ROW_KEY
from bench.report.tables.comparison import comparison_frame
from bench.report.tables.provenance import PROVENANCE_PARTS, provenance_frame
from tests.fixtures.records import golden_records, make_record


def _entries(records: Sequence[Record]) -> dict[str, dict[str, Any]]:
    rows = provenance_frame(records).astype(object).to_dict("records")
    return {row["entry"]: {str(name): value for name, value in row.items()} for row in rows}


def _settings(**settings: object) -> dict[str, object]:
    return {"settings": {"tf32": False, **settings}}


def test_what_differs_is_marked_and_what_is_equal_is_listed() -> None:
    entries = _entries(
        [
            make_record(**_settings(jit_compile=True)),
            make_record(backend="torch", **_settings(jit_compile=False)),
        ]
    )
    jit = entries["settings.jit_compile"]
    assert (jit["jax"], jit["torch"], jit["differs"]) == ("True", "False", True)
    assert pd.isna(jit["tensorflow"])
    assert entries["settings.tf32"]["differs"] is False
    assert entries["version.keras"]["jax"] == "3.15.1"


def test_an_entry_that_one_backend_lacks_differs_even_from_an_empty_or_none_value() -> None:
    own = {"environment": {"XLA_FLAGS": "", "JAX_PLATFORMS": "cpu"}}
    entries = _entries(
        [
            make_record(**own, **_settings(threads=None)),
            make_record(backend="torch", environment={"JAX_PLATFORMS": "cpu"}, **_settings()),
        ]
    )
    assert entries["environment.XLA_FLAGS"]["differs"] is True
    assert entries["settings.threads"]["differs"] is True
    assert entries["settings.threads"]["jax"] == "None"
    assert entries["environment.JAX_PLATFORMS"]["differs"] is False


def test_several_values_of_one_backend_are_joined_and_differ() -> None:
    entries = _entries(
        [
            make_record(**_settings(device_name="a")),
            make_record(**_settings(device_name="b"), repetition=1),
        ]
    )
    assert entries["settings.device_name"]["jax"] == "a; b"
    assert entries["settings.device_name"]["differs"] is True
    assert entries["settings.tf32"]["differs"] is False


def test_a_backend_that_only_failed_makes_no_setting_differ() -> None:
    entries = _entries([make_record(), make_record(backend="torch", status="failed")])
    assert entries["settings.jit_compile"]["differs"] is False
    assert entries["machine.cpu_model"]["torch"] == "Example CPU @ 2.00GHz"


def test_instrumented_records_are_left_out() -> None:
    instrumented = make_record(instrumented=True, **_settings(jit_compile="?"))
    entries = _entries([make_record(), instrumented])
    assert entries["settings.jit_compile"]["jax"] == "True"


def test_every_row_of_the_comparison_has_its_entries_in_the_same_order() -> None:
    frame = provenance_frame(golden_records())
    rows = frame[list(ROW_KEY)].drop_duplicates(ignore_index=True)
    expected = comparison_frame(golden_records())[list(ROW_KEY)]
    pd.testing.assert_frame_equal(rows, expected)
    for _, entries in frame.groupby(list(ROW_KEY), dropna=False, sort=False):
        names = entries["entry"].tolist()
        assert names == sorted(
            names, key=lambda name: (PROVENANCE_PARTS.index(name.split(".")[0]), name)
        )
        assert len(set(names)) == len(names)
