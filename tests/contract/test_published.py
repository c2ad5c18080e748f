"""What is published can be recomputed: its report follows from the records beside them."""

from pathlib import Path

import pytest

from bench.machine import CHECKOUT
from bench.record import decode_record
from bench.report.write import CSV_TABLES, write_report

PUBLISHED = sorted((CHECKOUT / "reports" / "published").iterdir())


@pytest.mark.parametrize("folder", PUBLISHED, ids=lambda folder: folder.name)
def test_the_published_report_follows_from_the_published_records(
    folder: Path, tmp_path: Path
) -> None:
    paths = sorted((folder / "records").glob("*.json"))
    records = [decode_record(path.read_bytes(), str(path)) for path in paths]
    assert records
    title = (folder / "report.md").read_text().partition("\n")[0].removeprefix("# ")
    write_report(tmp_path, records, title=title)
    assert {path.name for path in folder.glob("*.csv")} == {f"{name}.csv" for name in CSV_TABLES}
    for path in tmp_path.rglob("*"):
        name = path.relative_to(tmp_path)
        assert path.is_dir() or path.read_bytes() == (folder / name).read_bytes(), name
    figures = {path.name for path in (tmp_path / "figures").iterdir()}
    assert {path.name for path in (folder / "figures").iterdir()} == figures
