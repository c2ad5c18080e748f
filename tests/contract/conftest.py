"""What several contract tests read."""

from pathlib import Path

import pytest

from bench.report.write import write_report
from tests.fixtures.records import golden_records


@pytest.fixture(scope="session")
def golden_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder `reports/latest/` as a run leaves it; its figures take seconds to draw."""
    folder = tmp_path_factory.mktemp("golden") / "reports" / "latest"
    return write_report(folder, golden_records(), title="x").parent
