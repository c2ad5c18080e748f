"""The report's files: golden text, the same bytes every time, and numbers that can be checked."""

from io import StringIO
from pathlib import Path
from random import Random

import pandas as pd
import pytest

from bench.cell import BACKENDS
from bench.record import decode_record, encode_record
from bench.report.columns import ROW_KEY
from bench.report.write import write_report
from tests.fixtures.records import golden_records, make_record

GOLDEN = Path(__file__).parent.parent / "fixtures" / "golden"
FILES = ("epochs.csv", "cells.csv", "comparison.csv", "comparison.md")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the report on the golden records."""
    return write_report(tmp_path / "new" / "run", golden_records(), title="Golden report").parent


@pytest.mark.parametrize("name", FILES)
def test_files_are_the_golden_ones(folder: Path, name: str) -> None:
    """A wanted change: `python -m tests.fixtures.records tests/fixtures/golden`."""
    assert (folder / name).read_text("utf-8") == (GOLDEN / name).read_text("utf-8")


def test_the_bytes_depend_neither_on_the_order_nor_on_a_former_report(folder: Path) -> None:
    before = {name: (folder / name).read_bytes() for name in FILES}
    records = [decode_record(encode_record(record), "") for record in golden_records()]
    for name in FILES[:2]:
        (folder / name).unlink()
    for seed in range(3):
        Random(seed).shuffle(records)
        write_report(folder, records, title="Golden report")
        assert {name: (folder / name).read_bytes() for name in FILES} == before
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)


def test_every_csv_holds_the_failed_records_with_their_reasons(folder: Path) -> None:
    for name in FILES[:2]:
        frame = pd.read_csv(folder / name)
        assert frame["status"].eq("failed").sum() == 2
        assert frame.loc[frame["status"].eq("failed"), "reason"].notna().all()
    comparison = pd.read_csv(folder / "comparison.csv")
    assert comparison["torch_status"].tolist() == ["missing", "ok", "failed"]
    assert comparison["torch_reason"].iloc[2].startswith("'=cmd")
    assert comparison["torch_failed_records"].tolist() == [0, 1, 1]


@pytest.mark.parametrize("name", FILES)
def test_missing_numbers_are_empty_and_hostile_text_is_harmless(folder: Path, name: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert "nan" not in text.lower()
    assert "<NA>" not in text
    assert "\x1b" not in text
    if name.endswith(".csv"):
        cells = pd.read_csv(StringIO(text), dtype=str).stack()
        assert not cells.str.match(r"[=+@\t]|-\D").any()
        assert "-local" in text or name != "cells.csv"
    else:
        assert "<script>" not in text


def test_negative_numbers_stay_numbers(tmp_path: Path) -> None:
    write_report(tmp_path, [make_record(status="failed", exit_status=-9)], title="x")
    assert pd.read_csv(tmp_path / "cells.csv")["exit_status"].tolist() == [-9]


def test_the_comparison_can_be_derived_from_epochs_csv(folder: Path) -> None:
    keys = list(ROW_KEY)
    epochs = pd.read_csv(folder / "epochs.csv")
    comparison = pd.read_csv(folder / "comparison.csv").set_index(keys)
    steady = epochs[epochs["warmup"].eq(False)]
    last = epochs[epochs["epoch"].eq(epochs["epochs"])]
    checked = 0
    for backend in BACKENDS:
        own = steady[steady["backend"] == backend].groupby(keys, dropna=False)["train_seconds"]
        for key, seconds in own:
            row = comparison.loc[[key]].iloc[0]
            assert row[f"{backend}_epoch_seconds_median"] == seconds.median()
            assert row[f"{backend}_epoch_seconds_min"] == seconds.min()
            assert row[f"{backend}_epoch_seconds_max"] == seconds.max()
            assert row[f"{backend}_epoch_seconds_n"] == len(seconds)
            checked += 1
        finals = last[last["backend"] == backend].groupby(keys, dropna=False)["val_accuracy"]
        for key, scores in finals:
            row = comparison.loc[[key]].iloc[0]
            assert row[f"{backend}_final_val_accuracy"] == scores.median()
    assert checked == comparison.filter(like="_epoch_seconds_n").count().sum() == 4


def test_a_report_that_cannot_be_written_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").mkdir()
    with pytest.raises(OSError):
        write_report(tmp_path, [make_record()], title="x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells.csv", "epochs.csv"]
    assert (tmp_path / "epochs.csv").stat().st_size > 0


def test_no_records_give_headers_only(tmp_path: Path) -> None:
    path = write_report(tmp_path, [], title="Nothing")
    assert path == tmp_path / "comparison.csv"
    assert len(path.read_text().splitlines()) == 1
    assert "There is no record yet." in (tmp_path / "comparison.md").read_text()
