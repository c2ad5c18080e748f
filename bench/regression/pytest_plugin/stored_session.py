"""One session of the gate: a suite's rows, their test outcomes and the baselines."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from bench.core.suite import Overrides, expand, load_suite
from bench.regression.pytest_plugin.replay import ReplayClock, Tally
from bench.regression.pytest_plugin.saved_baseline import Baseline, baseline_failures, same_records
from bench.regression.pytest_plugin.stored_rows import StoredRow, make_rows
from bench.storage.store import Store
from bench.system.machine import machine_facts

_TIME_TEST = "test_epoch_seconds"
ACCURACY_TEST = "test_accuracy_floor"


class GateSession(msgspec.Struct, kw_only=True):
    """The rows by cell id, a clock for each, the tally of their tests, and the baselines so far.

    `skipped` holds the store's reasons for unreadable records.
    """

    suite: str
    reports: Path
    rows: dict[str, StoredRow]
    clocks: dict[str, ReplayClock]
    tally: Tally
    skipped: list[str]
    baselines: list[Baseline] = []

    @property
    def cells_with_floor(self) -> list[str]:
        """The ids of the cells that have an accuracy floor."""
        return _cells_with_floor(self.rows)

    def summary(self) -> str:
        """Return a one-line summary of this session for pytest's header."""
        return (
            f"bench gate: suite {self.suite}, {len(self.rows)} cells, "
            f"{len(self.cells_with_floor)} with an accuracy floor, times from {self.reports}"
        )

    def failures(self, *, time_file: str, compare_asked: bool) -> list[str]:
        """Return a sentence per reason why the session fails, none if every row was judged.

        `time_file` is the node id of the rows' file, which pytest-benchmark uses in their names.
        """
        problems = {cell_id: row.problem for cell_id, row in self.rows.items() if row.problem}
        explained = {
            f"{test}[{cell_id}]" for cell_id in problems for test in (_TIME_TEST, ACCURACY_TEST)
        }
        failures = [f"{cell_id}: {problem}." for cell_id, problem in problems.items()]
        failures += self.tally.failures(explained)
        if compare_asked and not self.baselines:
            failures.append(
                "Nothing was compared, because no baseline was found. --benchmark-save=NAME saves "
                "one, per Python version."
            )
        facts = self._facts(time_file)
        for baseline in self.baselines:
            failures += baseline_failures(baseline, facts)
        return failures

    def notes(self, *, time_file: str) -> list[str]:
        """Return the notes that do not make the session fail."""
        notes = [f"A record was left out: {reason}" for reason in self.skipped]
        without = [cell_id for cell_id in self.rows if cell_id not in self.cells_with_floor]
        if without:
            notes.append(f"No accuracy floor, so not judged by accuracy: {', '.join(without)}.")
        for baseline in self.baselines:
            same = same_records(baseline, self._facts(time_file))
            if same:
                notes.append(
                    f"{len(same)} of {len(self.rows)} cells were compared with themselves: the "
                    f"baseline saved {baseline.saved_at} holds the same records."
                )
        return notes

    def _facts(self, time_file: str) -> dict[str, dict[str, object]]:
        return {
            f"{time_file}::{_TIME_TEST}[{cell_id}]": row.extra_info()
            for cell_id, row in self.rows.items()
        }


def open_session(suite: str, reports: Path) -> GateSession:
    """Return the session of a suite, given by name or file; SuiteError if it is invalid."""
    cells = expand(load_suite(suite), Overrides(), suite)
    store = Store(reports)
    machine_id = str(machine_facts()["machine_id"])
    rows = {row.cell.id: row for row in make_rows(cells, store.load_all(), machine_id)}
    expected = [f"{_TIME_TEST}[{cell_id}]" for cell_id in rows]
    expected += [f"{ACCURACY_TEST}[{cell_id}]" for cell_id in _cells_with_floor(rows)]
    return GateSession(
        suite=suite,
        reports=reports,
        rows=rows,
        clocks={cell_id: ReplayClock(row.samples_seconds) for cell_id, row in rows.items()},
        tally=Tally(expected),
        skipped=store.skipped,
    )


def _cells_with_floor(rows: Mapping[str, StoredRow]) -> list[str]:
    return [cell_id for cell_id, row in rows.items() if row.accuracy_floor is not None]
