"""The work of a report grows in proportion to its records."""

import cProfile
import pstats

from bench.core.cell import BACKENDS
from bench.report.tables.comparison import comparison_frame
from tests.fixtures.records import make_record


def test_work_grows_in_proportion_to_the_records() -> None:
    def calls(seeds: int) -> int:
        records = [make_record(backend=b, seed=seed) for seed in range(seeds) for b in BACKENDS]
        with cProfile.Profile() as profile:
            comparison_frame(records)
        return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]

    few = calls(40)
    assert calls(160) < 5 * few
