"""A published report is written again, with its figures."""

import shutil
from pathlib import Path

import pytest

from validation.rebuild import PUBLISHED, rebuild


@pytest.mark.draws
def test_a_report_loses_what_is_no_longer_written(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    shutil.copytree(PUBLISHED / "lab-cifar10", folder)
    (folder / "provenance.csv").rename(folder / "ledger.csv")
    (folder / "figures" / "9-former.svg").write_text("<svg/>")
    changes = ["figures/9-former.svg (removed)", "ledger.csv (removed)", "provenance.csv"]
    assert rebuild(folder) == changes
    assert rebuild(folder) == []
