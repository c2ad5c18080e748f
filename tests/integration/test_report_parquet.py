"""Parquet beside CSV."""

from pathlib import Path

import pandas as pd
import pytest

from bench.report import files as parquet
from bench.report.files import ParquetError
from bench.report.write import CSV_TABLES, write_report
from tests.fixtures.records import golden_records


def test_without_pyarrow_one_sentence_says_where_it_is_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "find_spec", lambda name: None)
    with pytest.raises(ParquetError, match=r"needs pyarrow, .*; use `tox -e parquet`\.$"):
        write_report(tmp_path / "new", golden_records(), title="x", parquet=True)
    assert not (tmp_path / "new").exists()


def test_parquet_holds_the_tables_with_their_types(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    write_report(tmp_path, golden_records(), title="x", parquet=True)
    for name in CSV_TABLES:
        table, text = pd.read_parquet(tmp_path / f"{name}.parquet"), tmp_path / f"{name}.csv"
        assert table.shape == pd.read_csv(text).shape
    epochs = pd.read_parquet(tmp_path / "epochs.parquet")
    assert (
        epochs["train_seconds"].sum()
        == pd.read_csv(tmp_path / "epochs.csv")["train_seconds"].sum()
        > 0
    )
    assert pd.api.types.is_bool_dtype(epochs["warmup"])
