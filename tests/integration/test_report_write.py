"""The report's files: golden text, the same bytes every time, and numbers that can be checked."""

from io import StringIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.cell import BACKENDS
from bench.core.paths import CHECKOUT
from bench.core.record import Record, decode_record, encode_record
from bench.report.charts.palette import BACKEND_COLOURS
from bench.report.tables.columns import ROW_KEY
from bench.report.write import CSV_TABLES, write_report
from tests.fixtures.records import golden_records, make_record, race_records
from tests.fixtures.strategies import records

GOLDEN = CHECKOUT / "tests" / "fixtures" / "golden"
FILES = (*(f"{name}.csv" for name in CSV_TABLES), "report.md")
ALL_FILES = (
    *FILES,
    "certificates.json",
    "report.html",
    *(
        f"figures/{n}"
        for n in (
            "1-lab_baseline-digits-default.svg",
            "2-lab_baseline-digits-default.svg",
            "3-lab_baseline-digits-default.svg",
            "4-lab_baseline-digits-matched.svg",
            "5-lab_deep-cifar10-default.svg",
            "6-lab_deep-digits-default.svg",
        )
    ),
)


#: One worker of xdist draws the report that most of these tests read.
pytestmark = pytest.mark.xdist_group("report_write")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the report on the golden records."""
    new = tmp_path_factory.mktemp("report") / "new" / "run"
    return write_report(new, golden_records(), title="Golden report").parent


@pytest.mark.parametrize("name", FILES)
def test_files_are_the_golden_ones(folder: Path, name: str) -> None:
    """A wanted change: `python -m tests.fixtures.records tests/fixtures/golden`."""
    assert (folder / name).read_text("utf-8") == (GOLDEN / name).read_text("utf-8")


@pytest.mark.draws
def test_the_bytes_depend_neither_on_the_order_nor_on_a_former_report(folder: Path) -> None:
    before = {name: (folder / name).read_bytes() for name in ALL_FILES}
    records = [decode_record(encode_record(record), "") for record in golden_records()]
    for name in FILES[:2]:
        (folder / name).unlink()
    (folder / "figures" / "7-old.svg").touch()
    for seed in range(2):
        Random(seed).shuffle(records)
        write_report(folder, records, title="Golden report")
        assert {name: (folder / name).read_bytes() for name in ALL_FILES} == before
    written = (path for path in folder.rglob("*") if path.is_file())
    assert sorted(str(path.relative_to(folder)) for path in written) == sorted(ALL_FILES)


def test_every_csv_holds_the_failed_records_with_their_reasons(folder: Path) -> None:
    for name in FILES[:2]:
        frame = pd.read_csv(folder / name)
        assert frame["status"].eq("failed").sum() == 2
        assert frame.loc[frame["status"].eq("failed"), "reason"].notna().all()
    comparison = pd.read_csv(folder / "comparison.csv")
    status = comparison["torch_status"].tolist()
    assert status == ["missing", "ok", "ok", "ok", "failed", "ok"]
    assert comparison["torch_reason"].iloc[4].startswith("'=cmd")
    assert comparison["torch_failed_records"].tolist() == [0, 0, 1, 0, 1, 0]


@pytest.mark.parametrize("name", FILES)
def test_missing_numbers_are_empty_and_hostile_text_is_harmless(folder: Path, name: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert "nan" not in text.lower().replace("provenance", "")
    assert "<NA>" not in text
    assert "\x1b" not in text
    if name.endswith(".csv"):
        cells = pd.read_csv(StringIO(text), dtype=str).stack()
        assert not cells.str.match(r"[=+@\t]|-\D").any()
        assert "-local" in text or name not in ("cells.csv", "provenance.csv")
    else:
        assert "<script>" not in text


def test_the_figures_stand_in_the_markdown_and_speak_the_backends_colours(folder: Path) -> None:
    text = (folder / "report.md").read_text("utf-8")
    for name in ALL_FILES:
        if name.startswith("figures/"):
            assert f"]({name})" in text
    svg = (folder / "figures" / "3-lab_baseline-digits-default.svg").read_text("utf-8")
    assert all(colour.lower() in svg.lower() for colour in BACKEND_COLOURS.values())


def test_a_page_is_far_under_2_megabytes(folder: Path) -> None:
    assert (folder / "report.html").stat().st_size < 1_500_000


def test_negative_numbers_stay_numbers(tmp_path: Path) -> None:
    write_report(tmp_path, [make_record(status="failed", exit_status=-9)], title="x")
    assert pd.read_csv(tmp_path / "cells.csv")["exit_status"].tolist() == [-9]


def test_the_comparison_can_be_derived_from_epochs_csv(folder: Path) -> None:
    keys = list(ROW_KEY)
    epochs = pd.read_csv(folder / "epochs.csv")
    comparison = pd.read_csv(folder / "comparison.csv").set_index(keys)
    epochs = epochs[~epochs["instrumented"]]
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
    assert checked == comparison.filter(like="_epoch_seconds_n").count().sum() == 10


def test_a_report_that_cannot_be_written_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").mkdir()
    with pytest.raises(OSError):
        write_report(tmp_path, [make_record()], title="x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells.csv", "epochs.csv"]
    assert (tmp_path / "epochs.csv").stat().st_size > 0


def test_no_records_give_headers_only(tmp_path: Path) -> None:
    path = write_report(tmp_path, [], title="Nothing")
    assert path == tmp_path / "comparison.csv"
    for name in CSV_TABLES:
        assert len((tmp_path / f"{name}.csv").read_text().splitlines()) == 1
    assert "There is no record yet." in (tmp_path / "report.md").read_text()


def test_whole_numbers_stay_whole_beside_missing_ones(tmp_path: Path) -> None:
    settings = {"intra_op_threads": 2}
    write_report(tmp_path, [make_record(), make_record(seed=1, settings=settings)], title="x")
    threads = pd.read_csv(tmp_path / "cells.csv", dtype=str)["settings_intra_op_threads"]
    assert threads.tolist()[1] == "2"


def _document(folder: Path, *records: Record) -> str:
    write_report(folder, records, title="x")
    return (folder / "report.md").read_text()


def test_the_document_begins_with_the_ratios_and_none_stands_without_an_interval(
    folder: Path, tmp_path: Path
) -> None:
    golden = (folder / "report.md").read_text()
    first = golden.index("\n## ")
    assert golden[first:].startswith("\n## Ratios\n")
    assert (
        "- jax / torch: 1.49 [1.46, 1.51], 6 rounds; steps 1.56 [1.52, 1.58], 6 rounds; "
        "not certified\n" in golden
    )
    contenders = {"jax": 2.0, "torch": 1.0}
    unstable = _document(tmp_path, *race_records(contenders, 6, slowness=lambda n: 1 + n / 4))
    [line] = [line for line in unstable.splitlines() if line.startswith("- jax / torch: ")]
    assert line.startswith("- jax / torch: unstable: the calibration drifted by ")
    assert "too few rounds for an interval: 5 rounds" in _document(
        tmp_path, *race_records(contenders, 5)
    )


def test_without_a_race_the_document_says_why_there_is_no_ratio(tmp_path: Path) -> None:
    text = _document(tmp_path, make_record(), make_record(backend="torch"))
    assert "## Ratios" not in text
    assert "- Not interleaved: " in text and "no ratios are given" in text
    assert "- Interleaved: " not in text


def test_what_differs_stands_before_what_is_equal_which_is_folded(tmp_path: Path) -> None:
    torch = make_record(backend="torch", environment={"OMP_NUM_THREADS": "1"})
    text = _document(tmp_path, make_record(), torch)
    table, folded = text.index("| environment.OMP_NUM_THREADS |  | 1 |"), text.index("<details>")
    assert table < folded < text.index("- settings: affinity_cpus=2, ") < text.index("</details>")
    assert "Nothing differs" in _document(tmp_path, make_record())


def test_a_gpu_whose_counter_cannot_tell_says_so_and_a_cpu_has_no_such_column(
    tmp_path: Path,
) -> None:
    text = _document(tmp_path, make_record(device="gpu"))
    assert "| GPU peak MB |" in text and "| unknown |" in text
    text = _document(tmp_path, make_record())
    assert "GPU peak" not in text and "unknown" not in text


def test_a_matched_row_names_the_layers_whose_masks_nobody_can_match(tmp_path: Path) -> None:
    layers = {"stochastic_layers": ("dropout", "my_noise")}
    text = _document(tmp_path, make_record(**layers, lane="matched"))
    assert "the random masks of dropout, my_noise" in text
    assert "random masks" not in _document(tmp_path, make_record(**layers))


@settings(max_examples=10)
@given(st.lists(records(), max_size=3))
def test_any_valid_records_can_be_reported(some: list[Record]) -> None:
    with TemporaryDirectory() as folder:
        _document(Path(folder), *some)
