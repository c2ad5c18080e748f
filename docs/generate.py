"""Everything in docs/ that follows from the code: `generate_all` writes it into `_generated/`."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.core.cell import Cell
from bench.core.paths import CHECKOUT
from bench.core.record import Calibration, DatasetFacts, GitFacts, RacePlace, Record
from bench.core.result import Epoch, Result, StepDetail
from bench.core.suite import Entry
from bench.report.tables.columns import RECORD_COLUMNS, ROW_COLUMNS
from docs.generators import csv_columns, lists
from docs.generators.command_line import command_lines
from docs.generators.markdown import write_if_changed
from docs.generators.pages import even_headings, turned_links
from docs.generators.structs import field_table, struct_sections
from docs.pictures.architecture import architecture_picture
from docs.pictures.certificate import certificate_picture
from docs.pictures.pair import pair_picture
from docs.pictures.round import round_picture

#: Files of the checkout's root that are pages of the section Development, where they exist.
ROOT_PAGES = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
#: Folders of reports/published/ whose text is a page of the section Results.
_PUBLISHED_TEXTS = ("README.md", "proof.md")


def generate_all(docs: Path) -> None:
    """Write all generated pieces and pages below `docs`; those that exist no more are removed."""
    wanted = {**_pieces(docs), **_pictures(docs), **_pages(docs)}
    wanted |= _contents(docs, wanted)
    for path, text in wanted.items():
        write_if_changed(path, text)
    for path in docs.glob("*/_generated/*"):
        if path not in wanted:
            path.unlink()


def _pieces(docs: Path) -> dict[Path, str]:
    """Return the pieces that the pages of the reference include, by path."""
    pieces = {
        "command-line": command_lines(),
        "exit-codes": lists.exit_code_table(),
        "workloads": lists.workload_table(),
        "user-workloads": lists.user_workload_table(),
        "file-functions": lists.file_function_table(),
        "fit-arguments": lists.fit_argument_table(),
        "datasets": lists.dataset_table(),
        "user-datasets": lists.user_dataset_table(),
        "suites": lists.suite_table(),
        "suite-keys": field_table(Entry),
        "variables": lists.variable_table(),
        "versions": lists.version_table(),
        "record": struct_sections(
            *(Record, Cell, Result, Epoch, StepDetail),
            *(RacePlace, Calibration, DatasetFacts, GitFacts),
        ),
        "csv-tables": csv_columns.csv_sections(),
        "columns-record": csv_columns.column_table(RECORD_COLUMNS),
        "columns-row": csv_columns.column_table(ROW_COLUMNS),
    }
    return {docs / "reference" / "_generated" / f"{n}.inc": text for n, text in pieces.items()}


def _pictures(docs: Path) -> dict[Path, str]:
    pictures = {
        "round": round_picture(),
        "pair": pair_picture(),
        "certificate": certificate_picture(),
        "architecture": architecture_picture(CHECKOUT / "pyproject.toml"),
    }
    return {docs / "pictures" / "_generated" / f"{n}.inc": text for n, text in pictures.items()}


def _contents(docs: Path, wanted: Iterable[Path]) -> dict[Path, str]:
    """Return the tables of contents of pages that come and go, empty where there is none."""
    development, results = docs / "development", docs / "results"
    own = [page for page in wanted if page.parent == development / "_generated"]
    entries = {
        development / "_generated" / "more.inc": [*own, *docs.glob("releasing.md")],
        development / "_generated" / "decisions.inc": sorted((docs / "decisions").glob("*.md")),
        results / "_generated" / "more.inc": sorted(results.glob("upstream*.md")),
    }
    return {piece: _toctree(piece.parents[1], pages) for piece, pages in entries.items()}


def _toctree(section: Path, pages: Sequence[Path]) -> str:
    names = [os.path.relpath(page.with_suffix(""), section) for page in pages]
    return "\n".join(["```{toctree}", ":maxdepth: 1", "", *names, "```", ""]) if names else ""


def _pages(docs: Path) -> dict[Path, str]:
    """Return the pages whose text lies elsewhere in the checkout, by path."""
    pages = copied_pages(docs)
    return {
        page: even_headings(turned_links(source.read_text("utf-8"), source, page, pages))
        for source, page in pages.items()
    }


def copied_pages(docs: Path) -> dict[Path, Path]:
    """Return the files of the checkout outside `docs` that are pages, and where."""
    return dict(_homes(docs))


def _homes(docs: Path) -> Iterator[tuple[Path, Path]]:
    """Yield a file of the checkout and the page that it becomes."""
    for name in ROOT_PAGES:
        if (CHECKOUT / name).exists():
            yield CHECKOUT / name, docs / "development" / "_generated" / name.lower()
    for folder in sorted((CHECKOUT / "reports" / "published").iterdir()):
        texts = [folder / name for name in _PUBLISHED_TEXTS if (folder / name).exists()]
        if texts:
            yield texts[0], docs / "results" / "_generated" / f"{folder.name}.md"
