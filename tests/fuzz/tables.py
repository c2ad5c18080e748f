"""The targets on the way out: any text in a CSV, any record in a report."""

import csv
from pathlib import Path

import pandas as pd
from rich.console import Console

from bench.cli.report import comparison_rows
from bench.core.record import Record, RecordError, decode_record, encode_record
from bench.core.serialization import DecodeError, decode_json
from bench.report.files import write_csv
from bench.report.render.html.page import page_text
from bench.report.render.markdown import report_markdown
from bench.report.render.terminal import comparison_renderables, ratio_renderables
from bench.report.tables.build import make_tables
from bench.report.write import CSV_TABLES
from tests.fixtures.pages import without_bundle
from tests.fixtures.records import make_record
from tests.fuzz.documents import RECORDS
from tests.fuzz.inputs import bent, garbage, json_documents
from tests.fuzz.target import Target

#: With these a spreadsheet takes a cell for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
NUMBERS = [0.5, -1.5, float("nan")]


def _write_csv(content: bytes, folder: Path) -> None:
    """Write the texts in a table beside numbers and read it back as any CSV reader does."""
    texts = decode_json(content, list[str])
    count = len(texts)
    frame = pd.DataFrame(
        {
            "text": pd.Series(texts, dtype="string"),
            "again": pd.Series(texts[::-1], dtype="string"),
            "number": pd.Series((NUMBERS * count)[:count], dtype="Float64"),
        }
    )
    write_csv(folder / "a.csv", frame)
    with (folder / "a.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = list(csv.reader(file, strict=True))
    assert head == ["text", "again", "number"]
    assert len(rows) == count and all(len(row) == 3 for row in rows)
    for first, second, number in rows:
        assert not first.startswith(FORMULA) and not second.startswith(FORMULA)
        assert (first + second).isprintable() or not (first + second).isascii()
        assert number in ("0.5", "-1.5", "")


def _report(content: bytes, folder: Path) -> None:
    """Write all that a report is made of, of a record that was accepted beside one of ours."""
    record = decode_record(content, "a.json")
    records: list[Record] = [record, make_record(), make_record(backend="torch")]
    tables = make_tables(records)
    for name in CSV_TABLES:
        write_csv(folder / f"{name}.csv", getattr(tables, name))
    text = report_markdown(tables, "title")
    assert "<img" not in text and "\x1b" not in text
    page = without_bundle(page_text(tables, "title"))
    assert "<img" not in page and "\x1b" not in page
    comparison_rows(tables)
    with (folder / "terminal.txt").open("w", encoding="utf-8") as file:
        console = Console(file=file, width=100)
        console.print(*comparison_renderables(tables), *ratio_renderables(tables))
    assert "\x1b" not in (folder / "terminal.txt").read_text("utf-8")


TABLE_TARGETS = [
    Target(
        "csv",
        json_documents(b'["=1+1","-2","a,b","\\"quoted\\"","two\\nlines","","\\u001b[31m","x"]'),
        _write_csv,
        (DecodeError,),
    ),
    Target(
        "report",
        bent(list(map(encode_record, RECORDS))) | garbage(),
        _report,
        (RecordError,),
    ),
]
