"""What is published can be recomputed: its tables follow from the records beside them."""

from pathlib import Path

import pytest

from bench.machine import CHECKOUT
from bench.record import decode_record
from bench.report.write import write_report

PUBLISHED = sorted((CHECKOUT / "reports" / "published").iterdir())


@pytest.mark.parametrize("folder", PUBLISHED, ids=lambda folder: folder.name)
def test_the_published_tables_follow_from_the_published_records(
    folder: Path, tmp_path: Path
) -> None:
    paths = sorted((folder / "records").glob("*.json"))
    records = [decode_record(path.read_bytes(), str(path)) for path in paths]
    assert records
    write_report(tmp_path, records, title="")
    for table in tmp_path.glob("*.csv"):
        assert table.read_bytes() == (folder / table.name).read_bytes()
