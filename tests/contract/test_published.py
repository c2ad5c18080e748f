"""What is published can be recomputed: its report follows from the raw rows beside it."""

import re
from pathlib import Path

import pytest

from bench.report.write import CSV_TABLES
from validation.rebuild import PUBLISHED, published_folders, rebuild

FOLDERS = published_folders(PUBLISHED)
REPORTS = [folder for folder in FOLDERS if (folder / "records").is_dir()]
PROOFS = [folder for folder in FOLDERS if (folder / "pairs.jsonl").is_file()]


def _name(folder: Path) -> str:
    return "-".join(folder.relative_to(PUBLISHED).parts)


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_a_published_folder_follows_from_its_raw_rows(folder: Path) -> None:
    assert rebuild(folder, check=True) == []


def test_every_published_folder_holds_raw_rows() -> None:
    of_groups = {folder.parent for folder in FOLDERS} | set(FOLDERS)
    assert len(REPORTS) >= 7 and len(PROOFS) >= 2
    assert {path for path in PUBLISHED.iterdir() if path.is_dir()} <= of_groups


@pytest.mark.parametrize("folder", REPORTS, ids=_name)
def test_a_published_report_has_every_table_and_no_other(folder: Path) -> None:
    assert {path.name for path in folder.glob("*.csv")} == {f"{name}.csv" for name in CSV_TABLES}


@pytest.mark.parametrize("folder", PROOFS, ids=_name)
def test_a_published_proof_holds_no_path_of_a_machine(folder: Path) -> None:
    for path in folder.iterdir():
        assert not re.search(r"/(home|root|tmp|usr|work)/", path.read_text("utf-8")), path.name
