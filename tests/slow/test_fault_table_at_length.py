"""Every row of the fault table through `python -m bench` itself, and those of many commands.

`pytest -rP` shows what the long ones counted.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.page import play
from tests.faults.row import Row
from tests.faults.stage import make_template
from tests.faults.starter import Starter
from tests.faults.table import ROWS


@pytest.fixture(scope="module")
def whole() -> Iterator[Starter]:
    one = Starter(whole=True)
    yield one
    one.close()


@pytest.fixture(scope="module")
def warm() -> Iterator[Starter]:
    one = Starter()
    yield one
    one.close()


@pytest.fixture(scope="module")
def template(whole: Starter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(whole, tmp_path_factory.mktemp("faults") / "template")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.family}-{row.name}".replace(" ", "-"))
def test_what_must_happen_does(
    row: Row, whole: Starter, warm: Starter, template: Path, tmp_path: Path
) -> None:
    play(row, warm if row.warm else whole, tmp_path / "stage", template)
    counts = tmp_path / "stage" / "counts.txt"
    print(counts.read_text() if counts.exists() else "")
