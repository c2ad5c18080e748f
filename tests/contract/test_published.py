"""What is published can be recomputed: its report follows from the raw rows beside it."""

import csv
import json
import re
from pathlib import Path

import msgspec
import pytest

from bench.core.paths import CHECKOUT
from bench.core.record import decode_record
from bench.parity.certificate import Certificate
from bench.profiling.report import Findings, write_findings
from bench.profiling.samples import read_visits
from bench.report.write import CSV_TABLES, write_report
from validation.gate.report import write_proof
from validation.gate.store import SampleStore
from validation.gate.table import count_rows
from validation.overhead.pairs import CostPair
from validation.overhead.report import verdict_lines

PUBLISHED = CHECKOUT / "reports" / "published"
OVERHEAD = PUBLISHED / "overhead"
PROOFS = [PUBLISHED / "gate-proof", PUBLISHED / "gate-spread"]
LAYERS = PUBLISHED / "layers"
REPORTS = sorted(
    folder for folder in PUBLISHED.iterdir() if folder not in (OVERHEAD, LAYERS, *PROOFS)
)


@pytest.mark.parametrize("folder", REPORTS, ids=lambda folder: folder.name)
def test_the_published_report_follows_from_the_published_records(
    folder: Path, tmp_path: Path
) -> None:
    paths = sorted((folder / "records").glob("*.json"))
    records = [decode_record(path.read_bytes(), str(path)) for path in paths]
    assert records
    title = (folder / "report.md").read_text().partition("\n")[0].removeprefix("# ")
    certificates = json.loads((folder / "certificates.json").read_bytes())
    write_report(tmp_path, records, msgspec.convert(certificates, list[Certificate]), title=title)
    assert {path.name for path in folder.glob("*.csv")} == {f"{name}.csv" for name in CSV_TABLES}
    for path in tmp_path.rglob("*"):
        name = path.relative_to(tmp_path)
        assert path.is_dir() or path.read_bytes() == (folder / name).read_bytes(), name
    figures = {path.name for path in (tmp_path / "figures").iterdir()}
    assert {path.name for path in (folder / "figures").iterdir()} == figures


def test_the_published_cost_of_the_harness_follows_from_the_published_pairs() -> None:
    with (OVERHEAD / "overhead.csv").open(encoding="utf-8", newline="") as file:
        rows = [{name: text or None for name, text in row.items()} for row in csv.DictReader(file)]
    pairs = msgspec.convert(rows, list[CostPair], strict=False)
    table = "\n".join(verdict_lines(pairs))
    assert table.count("| met |") + table.count("| missed |") > 0
    assert f"\n{table}\n" in (OVERHEAD / "overhead.md").read_text("utf-8")


@pytest.mark.parametrize("folder", sorted(LAYERS.glob("*/")), ids=lambda folder: folder.name)
def test_the_published_costs_of_layers_follow_from_their_samples(
    folder: Path, tmp_path: Path
) -> None:
    write_findings(tmp_path, Findings(read_visits(folder)))
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


@pytest.mark.parametrize("folder", PROOFS, ids=lambda folder: folder.name)
def test_a_published_proof_follows_from_its_raw_rows(folder: Path, tmp_path: Path) -> None:
    book = SampleStore(folder)
    assert book.contexts()
    write_proof(tmp_path, *count_rows(book))
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


@pytest.mark.parametrize("folder", PROOFS, ids=lambda folder: folder.name)
def test_a_published_proof_holds_no_path_of_a_machine(folder: Path) -> None:
    for path in folder.iterdir():
        assert not re.search(r"/(home|root|tmp|usr|work)/", path.read_text("utf-8")), path.name
