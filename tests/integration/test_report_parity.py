"""A report says beside each ratio whether both sides are certified to compute one function."""

import json
from pathlib import Path

import msgspec
import pandas as pd
import pytest
from rich.console import Console

from bench.parity.certificate import Certificate
from bench.report.render.compare import comparison_notes
from bench.report.render.format import table_rows
from bench.report.render.terminal import ratio_renderables
from bench.report.tables.build import make_tables
from bench.report.tables.compare_runs import compare_frame
from bench.report.tables.ratios import ratios_frame
from bench.report.tables.run_selection import ComparedRun
from bench.report.write import write_report
from tests.fixtures.certificates import make_certificate
from tests.fixtures.records import make_record, race_records

RACE = race_records({"jax": 3.0, "jax instrumented": 3.75, "torch": 2.0}, 6)
DIFFERS = make_certificate(differs=("jax", "torch"))
TEXT = "differs: inference dense by 0.1 where 1e-06 is allowed"


@pytest.mark.parametrize(
    ("certificates", "text"),
    [([], "not certified"), ([make_certificate()], "certified"), ([DIFFERS], TEXT)],
    ids=["none", "certified", "differs"],
)
def test_parity_stands_beside_each_ratio(
    certificates: list[Certificate], text: str, tmp_path: Path
) -> None:
    ratios = ratios_frame(RACE, certificates)
    assert ratios[ratios["kind"] == "backends"]["parity"].tolist() == [text] * 2
    assert ratios[ratios["kind"] == "instrumented"]["parity"].isna().all()
    console = Console(width=200, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(*ratio_renderables(make_tables(RACE, certificates)), sep="\n")
    assert f"; {text}" in capture.get()
    write_report(tmp_path, RACE, certificates, title="x")
    assert f"; {text}\n" in (tmp_path / "report.md").read_text()
    sentence = {
        "not certified": "Not certified to compute the same function.",
        "certified": "Certified to compute the same function.",
        TEXT: f"They do NOT compute the same function: jax / torch {TEXT}.",
    }[text]
    for name in ("report.md", "report.html"):
        assert sentence in (tmp_path / name).read_text()
    parity = pd.read_csv(tmp_path / "parity.csv")
    assert parity["parity"].tolist() == (
        [] if not certificates else ["certified", text, "certified"]
    )
    kept = json.loads((tmp_path / "certificates.json").read_text())
    assert msgspec.convert(kept, list[Certificate]) == certificates
    assert ("## Parity" in (tmp_path / "report.md").read_text()) == bool(certificates)
    assert ('id="parity"' in (tmp_path / "report.html").read_text()) == bool(certificates)


def test_a_certificate_of_something_else_is_in_no_report(tmp_path: Path) -> None:
    other = [make_record(workload="lab_deep"), make_record(workload="lab_deep", backend="torch")]
    write_report(tmp_path, other, [make_certificate()], title="x")
    assert json.loads((tmp_path / "certificates.json").read_text()) == []


def test_a_race_whose_launches_are_of_several_functions_is_not_certified() -> None:
    changed = msgspec.structs.replace(RACE[-1], environment={"XLA_FLAGS": "--fast"})
    ratios = ratios_frame([*RACE[:-1], changed], [make_certificate()])
    assert "certified" not in set(ratios["parity"].dropna())


def test_of_several_certificates_about_the_same_the_newest_counts(tmp_path: Path) -> None:
    newer = make_certificate(made_at="2026-12-01T00:00:00.000000+00:00")
    write_report(tmp_path, RACE, [newer, DIFFERS], title="x")
    parity = pd.read_csv(tmp_path / "parity.csv")
    assert parity["parity"].tolist() == ["certified"] * 3
    assert set(parity["made_at"]) == {newer.made_at}


def test_two_runs_say_what_is_certified_of_each() -> None:
    newer = {"python": "3.11.9", "keras": "3.16.0", "numpy": "2.4.6", "jax": "0.10.2"}
    a, b = ComparedRun("A", [make_record()]), ComparedRun("B", [make_record(versions=newer)])
    (row,) = table_rows(compare_frame(a, b, [make_certificate()]))
    assert row["parity"] == "A certified, B not certified"
    assert "jax: parity: A certified, B not certified" in comparison_notes(row)
    (row,) = table_rows(compare_frame(a, a, [make_certificate()]))
    assert row["parity"] == "unchanged"
    (row,) = table_rows(compare_frame(a, ComparedRun("B", [make_record(status="failed")])))
    assert row["parity"] is None
