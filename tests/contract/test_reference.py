"""The generated reference has every column, command, key, code and name that the code has."""

import argparse
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from bench.cli.parser import make_parser
from bench.core.cell import BACKENDS
from bench.core.exit_codes import ExitCode
from bench.core.paths import CHECKOUT
from bench.core.record import Record
from bench.core.suite import Entry, suite_names
from bench.regression.report import pair_frame, slice_frame
from bench.report.tables.columns import RECORD_COLUMNS, ROW_COLUMNS, Column
from bench.report.tables.comparison import BACKEND_GROUP
from bench.report.write import CSV_TABLES
from data.registry import DATASETS, USER_DATASETS
from docs.generate import generate_all
from docs.generators import csv_columns, lists
from docs.generators.command_line import command_lines, command_parsers, validation_parsers
from docs.generators.pages import even_headings, turned_links
from docs.generators.structs import field_table, type_text
from docs.pictures.architecture import PURPOSES
from models.table import WORKLOADS
from tests.contract.documents import DOCS
from tests.fixtures.pairs import make_pairs, make_plan

_GROUPS = {f"{backend}_{name}": name for backend in BACKENDS for name in BACKEND_GROUP}
_TABLES = csv_columns.declared_tables()
_COLUMNS = [(table, column) for table, columns in _TABLES.items() for column in columns]
_SECTIONS = csv_columns.csv_sections()
_SHARED = csv_columns.column_table(RECORD_COLUMNS) + csv_columns.column_table(ROW_COLUMNS)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site that has nothing but what is generated."""
    folder = tmp_path_factory.mktemp("docs")
    generate_all(folder)
    return folder


@pytest.mark.parametrize(
    ("table", "column"), _COLUMNS, ids=lambda value: getattr(value, "name", value)
)
def test_the_reference_explains_the_column(table: str, column: Column) -> None:
    own = _SECTIONS.partition(f"## `{table}.csv`")[2].partition("\n## ")[0]
    name = f"BACKEND_{_GROUPS[column.name]}" if column.name in _GROUPS else column.name
    line = f"| `{name}` | {column.dtype} | {column.meaning} |"
    assert line in own or line in _SHARED


def test_the_reference_explains_no_column_that_there_is_not() -> None:
    lines = re.findall(r"^\| `(\w+)` \| \w+ \| (.+) \|$", _SECTIONS + _SHARED, re.MULTILINE)
    meanings = {(_GROUPS.get(c.name, c.name), c.meaning) for _, c in _COLUMNS}
    assert {(name.removeprefix("BACKEND_"), meaning) for name, meaning in lines} <= meanings


def test_every_table_of_a_report_is_explained() -> None:
    assert {*CSV_TABLES, "compare", "history", "layers", "gaps"} == set(_TABLES)
    assert all(f"`{name}.csv` has " in _SECTIONS for name in _TABLES)


def test_every_command_and_option_is_there() -> None:
    text = command_lines()
    checks = {parser.prog: parser for parser in validation_parsers()}
    for name, parser in (command_parsers(make_parser()) | checks).items():
        section = text.partition(f"\n## `{name}`\n")[2].partition("\n## ")[0]
        for action in parser._actions:
            if action.help != argparse.SUPPRESS and not isinstance(action, argparse._HelpAction):
                names = action.option_strings or [str(action.metavar or action.dest)]
                assert all(f"`{each}" in section.replace("\\|", "|") for each in names[:1]), names


def test_the_columns_of_a_gate_are_named_on_its_page() -> None:
    page = (DOCS / "how-to" / "gate-a-change.md").read_text("utf-8")
    [pairs] = re.findall(r"^\| `pairs.csv` \| .*$", page, re.MULTILINE)
    [slices] = re.findall(r"^\| `slices.csv` \| .*$", page, re.MULTILINE)
    measured = make_pairs(make_plan())
    shared = set(pair_frame(measured, [])) & set(slice_frame(measured))
    for line, frame in ((pairs, pair_frame(measured, [])), (slices, slice_frame(measured))):
        own = {re.sub("^(baseline|candidate)_", "", str(name)) for name in set(frame) - shared}
        assert own - set(re.findall(r"`(\w+)`", line)) <= {"slice", "reason"}


def test_every_option_has_a_meaning() -> None:
    lines = re.findall(r"^\| (`.+`) \| (.*) \|$", command_lines(), re.MULTILINE)
    assert len(lines) > 150
    assert [line for line in lines if line[1] in ("", "repeatable")] == []


def test_every_variable_of_ours_is_explained() -> None:
    page = (DOCS / "reference" / "environment-variables.md").read_text("utf-8")
    code = [
        p.read_text("utf-8")
        for room in ("bench", "data", "validation")
        for p in (CHECKOUT / room).rglob("*.py")
    ]
    names = {name for text in code for name in re.findall(r"KERAS_BENCH_[A-Z_]+", text)}
    assert len(names) >= 5
    assert [name for name in sorted(names) if f"| `{name}` | " not in page] == []


def test_every_exit_code_has_a_meaning() -> None:
    table = lists.exit_code_table()
    assert all(re.search(rf"^\| {code.value} \| \S", table, re.MULTILINE) for code in ExitCode)


def test_workloads_suites_and_keys_are_there() -> None:
    workloads, suites = lists.workload_table(), lists.suite_table()
    assert all(
        f"| `{n}` | {w.summary} | {w.parameters:,} |" in workloads for n, w in WORKLOADS.items()
    )
    assert all(f"| `{name}` | " in suites for name in suite_names())
    assert all(f"| `{name}` | " in field_table(Entry) for name in Entry.__struct_fields__)


def test_datasets_are_there_and_their_origins_too() -> None:
    page = (DOCS / "reference" / "datasets.md").read_text("utf-8")
    assert all(f"| `{name}` | " in lists.dataset_table() for name in DATASETS)
    assert all(f"| `{name}` | " in lists.user_dataset_table() for name in USER_DATASETS)
    assert all(re.search(rf"^\| `{name}[`:]", page, re.MULTILINE) for name in DATASETS)


def test_every_field_of_a_record_is_there(generated: Path) -> None:
    text = (generated / "reference" / "_generated" / "record.inc").read_text("utf-8")
    assert all(f"| `{field.name}` | `" in text for field in msgspec.structs.fields(Record))
    assert type_text(int | None) == "int | null"
    assert type_text(tuple[float, ...]) == "list of float"
    assert type_text(dict[str, str]) == "object of str"


def test_every_piece_is_included_by_one_page_and_every_inclusion_is_generated(
    generated: Path,
) -> None:
    pieces = {str(path.relative_to(generated)) for path in generated.glob("*/_generated/*.inc")}
    included = []
    for page in DOCS.rglob("*.md"):
        if "_build" not in page.parts and "_generated" not in page.parts:
            for target in re.findall(r"[\w./-]*_generated/[\w-]+\.inc", page.read_text("utf-8")):
                included.append(str((page.parent / target).resolve().relative_to(DOCS)))
    assert sorted(included) == sorted(pieces)


def test_a_second_generation_changes_no_file(generated: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in generated.glob("*/_generated/*")}
    (generated / "reference" / "_generated" / "stale.inc").write_text("x")
    generate_all(generated)
    assert {path: path.stat().st_mtime_ns for path in generated.glob("*/_generated/*")} == before


def test_the_picture_of_the_rooms_has_each_room_of_the_contract(generated: Path) -> None:
    contracts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["tool"][
        "importlinter"
    ]
    [layers] = [c["layers"] for c in contracts["contracts"] if c["type"] == "layers"]
    rooms = {room.strip().removeprefix("bench.") for layer in layers for room in layer.split("|")}
    assert rooms | {"worker"} == set(PURPOSES)
    picture = (generated / "pictures" / "_generated" / "architecture.inc").read_text("utf-8")
    assert all(f">{room}<" in picture for room in rooms)


def test_links_of_a_copied_page_are_turned() -> None:
    published, results = CHECKOUT / "reports" / "published", DOCS / "results" / "_generated"
    text = (
        "[y](../y/README.md#a) [code](../../../bench/core/cell.py) [t](https://a.b/c) ![f](f.svg)"
    )
    pages = {published / "y" / "README.md": results / "y.md"}
    assert turned_links(text, published / "x" / "README.md", results / "x.md", pages) == (
        "[y](y.md#a) code (`bench/core/cell.py`) [t](https://a.b/c) "
        "![f](../../../reports/published/x/f.svg)"
    )


def test_headings_of_a_copied_page_leave_no_level_out() -> None:
    text = "# a\n\n### b\n\n### c\n\n```sh\n# d\n```\n\n## e\n"
    assert even_headings(text) == text.replace("### b", "## b").replace("### c", "## c")
