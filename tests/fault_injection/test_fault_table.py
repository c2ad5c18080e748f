"""The quick rows of the fault table, each injected into the real command line."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.fault_injection.page import PAGE, play, row_line
from tests.fault_injection.paths import PATHS, QUICK
from tests.fault_injection.row import Row
from tests.fault_injection.stage import make_template
from tests.fault_injection.starter import Starter
from tests.fault_injection.table import ROWS

QUICK_ROWS = [row for row in ROWS if not row.slow]


def parameters(rows: Iterable[Row]) -> list[ParameterSet]:
    """Return the rows as parameters; a worker of xdist gets all rows of a family."""
    return [
        pytest.param(
            row,
            id=f"{row.family}-{row.name}".replace(" ", "-"),
            marks=pytest.mark.xdist_group(row.family),
        )
        for row in rows
    ]


@pytest.fixture(scope="session")
def starter() -> Iterator[Starter]:
    """Return the one warm process of a worker of xdist, which is forked for every command."""
    one = Starter()
    yield one
    one.close()


@pytest.fixture(scope="session")
def template(starter: Starter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(starter, tmp_path_factory.mktemp("faults") / "template")


@pytest.mark.parametrize("row", parameters(QUICK_ROWS))
def test_what_must_happen_does_and_the_page_says_so(
    row: Row, starter: Starter, template: Path, tmp_path: Path
) -> None:
    seen = play(row, starter, tmp_path / "stage", template)
    assert row_line(row, seen.sentence) in PAGE.read_text("utf-8").splitlines()


def test_every_row_takes_one_path() -> None:
    listed = [key for keys in PATHS.values() for key in keys]
    assert sorted(listed) == sorted(row.key for row in ROWS)
    assert len(QUICK_ROWS) == len(PATHS) == len(QUICK)


def test_the_page_lists_every_row_and_no_other() -> None:
    text = PAGE.read_text("utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    listed = [line for line in lines if not line.startswith(("| fault", "| ---"))]
    assert len(listed) == len(ROWS)
    for line, row in zip(listed, ROWS, strict=True):
        assert line.startswith(row_line(row, None))
    families = [row.family.lower() for row in ROWS]
    headings = [heading.lower() for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)]
    assert headings == list(dict.fromkeys(families))


def test_there_are_as_many_rows_as_were_promised() -> None:
    assert len(ROWS) >= 45 and len(QUICK_ROWS) >= 25
    assert len({(row.family, row.name) for row in ROWS}) == len(ROWS)
