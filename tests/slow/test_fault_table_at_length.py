"""Every row of the fault table through `python -m bench` itself, and those of many commands.

`pytest -rP` shows what the long ones counted.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fault_injection.page import play
from tests.fault_injection.row import Row
from tests.fault_injection.stage import make_template
from tests.fault_injection.starter import Starter
from tests.fault_injection.table import ROWS


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
