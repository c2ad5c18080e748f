"""Every example of README.md and docs/ is executed, or parsed by the real parser, or listed."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from bench.cli.parser import make_parser
from bench.core.model_file import FILE_FUNCTIONS
from bench.core.paths import CHECKOUT
from bench.core.record import decode_record
from bench.core.script import find_script
from bench.core.suite import Overrides, expand, load_suite
from bench.core.workload import read_recipe, resolve_workload
from bench.storage.store import Store
from docs.generators.command_line import command_parsers
from tests.contract.documents import (
    DOCS,
    Block,
    blocks_of,
    first_paragraph,
    languages_not_executed,
    links_of,
    pages,
    reasons_not_executed,
)
from tests.contract.shell_examples import (
    ExampleError,
    check_command,
    command_lines,
    parse_module,
)
from tests.fixtures.command_line import Bench

PAGES = pages()
BLOCKS = [block for page in PAGES for block in blocks_of(page)]
LISTED = reasons_not_executed()
LANGUAGES = languages_not_executed()
CHECKED = [
    block
    for block in BLOCKS
    if (block.page, block.first_line) not in LISTED and block.language not in LANGUAGES
]

#: The least share of the examples that is executed or parsed.
LEAST_SHARE = 0.8
#: Commands that train nothing: they run, against a small store.
RUNNABLE = ("list", "doctor", "compare", "history", "check-store")
_PYTHON_OPTION = ("list", "doctor")


def blocks_in(*languages: str) -> list[Block]:
    return [block for block in CHECKED if block.language in languages]


def bench_words(blocks: list[Block]) -> Iterator[tuple[str, list[str]]]:
    """Yield where a call of `python -m bench` stands, and its words."""
    for block in blocks:
        for words in command_lines(block.text):
            if words[1:3] == ["-m", "bench"]:
                yield block.name, words[3:]


@pytest.mark.parametrize("block", blocks_in("sh"), ids=lambda block: block.name)
def test_each_command_is_one_that_the_real_parser_takes(block: Block) -> None:
    commands = list(command_lines(block.text))
    assert commands
    for words in commands:
        check_command(words)


EXAMPLES = [
    line.strip()
    for parser in command_parsers(make_parser()).values()
    for line in (parser.epilog or "").splitlines()
    if " -m " in line
]


@pytest.mark.parametrize("line", EXAMPLES)
def test_each_example_of_a_help_is_one_that_the_real_parser_takes(line: str) -> None:
    [words] = command_lines(line)
    check_command(words)


RUN = [(name, words) for name, words in bench_words(blocks_in("sh")) if words[0] in RUNNABLE]
PLANNED = [
    (name, words)
    for name, words in bench_words(blocks_in("sh"))
    if words[0] == "plan" and words[-1].endswith(".toml")
]


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> Bench:
    """A store with two runs of the published cells, by the names that the examples use."""
    bench = Bench(tmp_path, capsys)
    store = Store(bench.reports)
    folder = CHECKOUT / "reports" / "published" / "lab-cifar10"
    for path in sorted((folder / "records").iterdir()):
        record = decode_record(path.read_bytes(), path.name)
        for run_id in ("20261101T120000Z-0a1b", "20261115T120000Z-9f3e"):
            store.save(msgspec.structs.replace(record, run_id=run_id))
    (tmp_path / "reports" / "published").symlink_to(folder.parent)
    monkeypatch.chdir(tmp_path)
    return bench


@pytest.mark.usefixtures("own_signals")
@pytest.mark.parametrize(("name", "words"), RUN, ids=lambda value: str(value))
def test_each_command_that_trains_nothing_runs(
    bench: Bench, name: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BENCH_REPORTS", str(bench.reports))
    more = bench.pythons if words[0] in _PYTHON_OPTION else []
    reports = [] if words[0] == "list" else [f"--reports={bench.reports}"]
    assert bench.call(*words, *more, *reports) == 0, (name, bench.err)
    assert bench.out


@pytest.mark.usefixtures("own_signals")
@pytest.mark.parametrize(("name", "words"), PLANNED, ids=lambda value: str(value))
def test_the_suite_of_a_page_is_planned(bench: Bench, name: str, words: list[str]) -> None:
    [suite] = [b for b in blocks_in("toml") if b.page == name.rpartition(":")[0]]
    Path(words[-1]).write_text(suite.text, "utf-8")
    code = bench.call(*words, *bench.pythons, f"--reports={bench.reports}")
    assert code == 0, bench.err
    assert "12 to train" in bench.out


@pytest.mark.parametrize("block", blocks_in("python"), ids=lambda block: block.name)
def test_each_piece_of_python_runs(
    block: Block, golden_report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = imported(block)
    assert "bench" not in modules
    if "keras" in modules:
        check_workload(block, tmp_path)
        return
    monkeypatch.chdir(golden_report.parents[1])
    exec(compile(block.text, block.name, "exec"), {"__name__": "example"})


def imported(block: Block) -> set[str]:
    """Return the top modules that a piece of Python imports."""
    found = set()
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def check_workload(block: Block, folder: Path) -> None:
    """Check the file of a workload as the parent does before a worker runs it."""
    name = re.match(r"# (\w+\.py)\n", block.text)
    assert name, f"{block.name} does not begin with its file's name"
    path = folder / name[1]
    path.write_text(block.text, "utf-8")
    read_recipe(path)
    functions = [n for n in ast.parse(block.text).body if isinstance(n, ast.FunctionDef)]
    if not functions:  # a whole script
        assert find_script(str(path), []).path == path
        return
    parameters = {f.name: {a.arg for a in f.args.args} for f in functions}
    [builder] = parameters.keys() - FILE_FUNCTIONS.keys()
    assert parameters.pop(builder) <= {"input_shape", "classes"}
    assert all(found <= {*FILE_FUNCTIONS[name].parameters} for name, found in parameters.items())
    assert resolve_workload(f"{path}:{builder}")


@pytest.mark.parametrize("block", blocks_in("toml"), ids=lambda block: block.name)
def test_each_suite_names_valid_cells(block: Block, tmp_path: Path) -> None:
    if "cells" not in tomllib.loads(block.text):
        return
    path = tmp_path / "suite.toml"
    path.write_text(block.text, "utf-8")
    assert expand(load_suite(str(path)), Overrides(), str(path))


def test_no_example_is_in_a_language_that_nobody_checks() -> None:
    checked = {block.name for block in blocks_in("sh", "python", "toml")}
    assert [block.name for block in CHECKED if block.name not in checked] == []


def test_what_is_listed_as_not_executed_is_there_with_a_reason() -> None:
    present = {(block.page, block.first_line) for block in BLOCKS}
    assert [place for place in LISTED if place not in present] == []
    reasons = [*LISTED.values(), *LANGUAGES.values()]
    assert all(len(reason.split()) >= 4 for reason in reasons)
    assert not set(LANGUAGES) & {"sh", "python", "toml"}


def test_most_examples_are_executed() -> None:
    assert len(CHECKED) / len(BLOCKS) >= LEAST_SHARE


def test_some_commands_run_and_some_suites_are_planned() -> None:
    assert {words[0] for _, words in RUN} >= {"list", "doctor", "compare", "history"}
    assert PLANNED and EXAMPLES


@pytest.mark.parametrize(
    "line",
    [
        "python -m bench run --no-such-option",
        "python -m bench no-such-command",
        "python -m tests.fuzz --no-such-option",
        ".venv/bin/tox -e no-such-environment",
        ".venv/bin/tox -e jax -- --no-such-option",
        ".venv/bin/tox -e gate -- --no-such-option",
        "frobnicate --all",
    ],
)
def test_a_wrong_command_is_caught(line: str) -> None:
    [words] = command_lines(line)
    with pytest.raises(ExampleError):
        check_command(words)


def test_a_module_is_parsed_and_not_run() -> None:
    assert parse_module("tests.fuzz", ["--minutes", "10", "record"]).targets == ["record"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_are_well_formed_and_lead_to_files(page: Path) -> None:
    for target in links_of(page):
        parts = urlsplit(target)
        if parts.scheme:
            assert parts.scheme == "https" and "." in parts.netloc, target
        elif parts.path:  # Sphinx checks headings too
            assert (page.parent / parts.path).exists(), target


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if DOCS in page.parents],
    ids=lambda page: str(page.relative_to(CHECKOUT)),
)
def test_a_page_opens_with_one_sentence_on_its_purpose(page: Path) -> None:
    if page.parent == DOCS / "decisions":
        return
    text = re.sub(r"`[^`]*`|\]\([^)]*\)", "", first_paragraph(page))
    assert re.fullmatch(r"[^.!]+[.:]", text), text
