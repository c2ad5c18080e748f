"""The benchmark of large stores."""

from pathlib import Path

import pandas as pd
import pytest

from validation.report_scale import Scale, _main, make_store, measure_report


def test_a_store_has_as_many_records_and_epochs_as_asked_for(tmp_path: Path) -> None:
    store = make_store(tmp_path, records=8, epochs=3)
    scale = measure_report(store)
    assert store.skipped == []
    assert len(pd.read_csv(tmp_path / "latest" / "cells.csv")) == 8
    assert len(pd.read_csv(tmp_path / "latest" / "epochs.csv")) == 24
    assert scale.read_seconds > 0 and scale.peak_bytes > 1_000_000


def test_the_command_prints_seconds_memory_and_the_target(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _main(["--records=2", "--epochs=1"])
    assert capsys.readouterr().out.startswith("2 records, 2 epochs\n")


@pytest.mark.parametrize(
    ("scale", "verdict"),
    [
        (Scale(10.0, 20.0, 10**9), "met"),
        (Scale(30.0, 31.0, 10**9), "missed"),
        (Scale(1.0, 1.0, 3 * 10**9), "missed"),
    ],
)
def test_the_target_is_seconds_and_memory_together(scale: Scale, verdict: str) -> None:
    assert str(scale).endswith(verdict)
