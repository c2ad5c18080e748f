"""Published folders are written again from their raw rows, and compared with former ones."""

import shutil
from pathlib import Path

import pytest

from bench.profiling.samples import FILE
from bench.storage.jsonl import append_rows
from tests.fixtures.layer_rows import make_timing, make_visit, step
from validation import compare_renamed
from validation.compare_renamed import compare_folders, difference_lines
from validation.rebuild import PUBLISHED, RebuildError, published_folders, rebuild, rebuild_command


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    folder = tmp_path / "new" / "layers" / "mine"
    folder.mkdir(parents=True)
    for number, backend in enumerate(["jax", "torch"]):
        timings = (make_timing("dense", 2.0 + number), step(5.0))
        append_rows(folder / FILE, make_visit(backend, 0, *timings))
    return folder


def test_a_folder_is_written_and_then_unchanged(layers: Path) -> None:
    assert rebuild(layers) == ["gaps.csv", "layers.csv", "layers.md"]
    assert rebuild(layers) == []


def test_an_edited_a_missing_and_a_former_file_are_named_and_replaced(layers: Path) -> None:
    rebuild(layers)
    whole = (layers / "layers.csv").read_bytes()
    (layers / "layers.csv").write_bytes(whole.replace(b"dense", b"dinse"))
    (layers / "gaps.csv").unlink()
    (layers / "former.csv").write_text("a\n1\n")
    (layers / "README.md").write_text("By hand.\n")
    changes = ["former.csv (removed)", "gaps.csv", "layers.csv"]
    assert rebuild(layers, check=True) == changes
    assert (layers / "former.csv").exists() and not (layers / "gaps.csv").exists()
    assert rebuild(layers) == changes
    assert (layers / "layers.csv").read_bytes() == whole
    assert (layers / "README.md").exists() and not (layers / "former.csv").exists()


def test_the_table_of_the_overhead_is_counted_anew_and_the_rest_kept(tmp_path: Path) -> None:
    folder = tmp_path / "overhead"
    shutil.copytree(PUBLISHED / "overhead", folder)
    page = (folder / "overhead.md").read_text("utf-8")
    (folder / "overhead.md").write_text(page.replace("| met |", "| missed |"), "utf-8")
    assert rebuild(folder) == ["overhead.md"]
    assert (folder / "overhead.md").read_text("utf-8") == page
    (folder / "overhead.md").write_text("# Title\n\nNo table.\n", "utf-8")
    with pytest.raises(RebuildError, match=r"overhead\.md has no table below its title\."):
        rebuild(folder)


def test_a_folder_without_raw_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RebuildError, match=r"holds none of records, samples\.jsonl, "):
        rebuild(tmp_path)


def test_folders_are_found_at_any_depth(layers: Path, tmp_path: Path) -> None:
    (tmp_path / "new" / "race" / "records").mkdir(parents=True)
    (tmp_path / "new" / "empty").mkdir()
    assert published_folders(tmp_path / "new") == [layers, tmp_path / "new" / "race"]


def test_the_command_prints_what_changed(layers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rebuild_command([str(layers), "--check"]) == 1
    assert rebuild_command([str(layers)]) == 0
    assert rebuild_command([str(layers), "--check"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told == [
        f"{layers}: gaps.csv, layers.csv, layers.md",
        f"{layers}: gaps.csv, layers.csv, layers.md",
        f"{layers}: unchanged",
    ]


def test_the_command_names_a_folder_that_cannot_be_rebuilt(
    layers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (layers / FILE).write_bytes(b"{\n")
    with pytest.raises(SystemExit, match="2"):
        rebuild_command([str(layers)])
    assert f"{layers}: " in capsys.readouterr().err


def former(layers: Path, tmp_path: Path) -> Path:
    """Write the CSVs as they were called before, and return their folder."""
    rebuild(layers)
    old = tmp_path / "old"
    shutil.copytree(tmp_path / "new", old)
    for name in ("layers.csv", "gaps.csv"):
        path = old / "layers" / "mine" / name
        head, _, rows = path.read_text().partition("\n")
        names = {now: was for was, now in compare_renamed.RENAMED_COLUMNS[name].items()}
        path.write_text(f"{','.join(names.get(each, each) for each in head.split(','))}\n{rows}")
    return old


def test_folders_that_differ_in_names_alone_are_equal(
    layers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = former(layers, tmp_path)
    assert [each.differences for each in compare_folders(old, tmp_path / "new")] == [(), ()]
    assert compare_renamed.compare_renamed_main([str(old), str(tmp_path / "new")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].split() == ["all", "2", "files", "6", "108", "7", "0"]


def test_a_renamed_word_is_equal_in_its_column_alone(tmp_path: Path) -> None:
    for name, head, cell in (("old", "unlike", "unlike"), ("new", "mismatched", "mismatched")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ratios.csv").write_text(f"status,{head}\n{cell},{cell}\n")
    [found] = compare_folders(tmp_path / "old", tmp_path / "new")
    assert found.differences == ("row 1, unlike: 'mismatched' instead of 'unlike'",)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda text: text.replace("2.5,", "2.50,"), "row 2, ms: '2.50' instead of '2.5'"),
        (lambda text: text.replace("scope", "part"), "columns ['ms', 'part'] instead of"),
        (lambda text: f"{text}9,fit\n", "3 rows instead of 2"),
        (lambda text: text.replace("2.5,", "2.5,7,"), "row 2 has 3 cells instead of 2"),
        (None, "it is missing in the new folder"),
    ],
    ids=["value", "column", "row", "cell", "file"],
)
def test_every_other_difference_is_named(tmp_path: Path, change, difference: str) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    rows = "5.0,step\n2.5,dense\n"
    (old / "layers.csv").write_text(f"ms,part\n{rows}")
    text = f"ms,scope\n{rows}"
    if change is not None:
        (new / "layers.csv").write_text(change(text))
    [found] = compare_folders(old, new)
    assert any(each.startswith(difference) for each in found.differences)
    assert compare_renamed.compare_renamed_main([str(old), str(new)]) == 1


def test_a_file_of_the_new_folder_alone_is_a_difference(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "cells.csv").write_text("a\n1\n")
    lines = difference_lines(compare_folders(tmp_path / "old", tmp_path / "new"))
    assert lines[-1] == "cells.csv: it is only in the new folder"


def test_nothing_to_compare_is_no_success(tmp_path: Path) -> None:
    assert compare_renamed.compare_renamed_main([str(tmp_path), str(tmp_path)]) == 1
