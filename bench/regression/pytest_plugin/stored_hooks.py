"""The pytest plugin of `tox -e perf`: hooks only; `bench.regression` decides.

pytest-benchmark passes silently if a cell is missing, deselected or disabled; the hooks here count
the expected rows and make such a session fail. The tests are in `stored_checks.py`.
"""

import os
import warnings
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.session import PerformanceRegression

from bench.core.suite import SuiteError
from bench.regression.pytest_plugin.saved_baseline import SavedError, parse_baseline
from bench.regression.pytest_plugin.stored_session import GateSession, open_session
from bench.storage.store import StoreError, default_reports_folder
from bench.system.machine import machine_facts

_GATE = pytest.StashKey[GateSession]()
_FAILURES = pytest.StashKey[list[str]]()
_SESSION = pytest.StashKey[pytest.Session]()

#: A row that failed before it was measured has already reported its reason.
_UNUSED = "ignore:Benchmark fixture was not used:pytest.PytestWarning"
#: Facts that identify a machine; a new kernel does not make it a different one.
_MACHINE = ("machine_id", "cpu_model", "logical_cpus", "usable_cpus", "memory_gib", "system")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("bench gate")
    group.addoption("--suite", dest="gate_suite", metavar="NAME|FILE", help="default: quick")
    group.addoption("--reports", dest="gate_reports", metavar="DIR", help="default: reports/")


def pytest_configure(config: pytest.Config) -> None:
    """Open what is judged, or end the session with the reason why not."""
    if config.getoption("benchmark_compare", default=None) is None:
        raise pytest.UsageError(
            "Stored records need pytest-benchmark, which is disabled or not installed."
        )
    # Print these warnings. Our own sentences fail the session; warnings turned into errors would
    # end it earlier. pytest removes this filter when the session ends.
    warnings.filterwarnings("default", category=pytest.PytestWarning, module="pytest_benchmark")
    config.addinivalue_line("filterwarnings", _UNUSED)
    suite = config.getoption("gate_suite", default=None) or os.environ.get("KERAS_BENCH_SUITE")
    reports = config.getoption("gate_reports", default=None)
    try:
        folder = Path(reports) if reports else default_reports_folder()
        config.stash[_GATE] = open_session(suite or "quick", folder)
    except (SuiteError, StoreError) as error:
        raise pytest.UsageError(str(error)) from error


def pytest_report_header(config: pytest.Config) -> str:
    """Return the summary above the rows."""
    return config.stash[_GATE].summary()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a row per expected benchmark and a check per cell."""
    gate = metafunc.config.stash[_GATE]
    if "benchmark" in metafunc.fixturenames:
        metafunc.parametrize("cell_id", [_timed(gate, cell_id) for cell_id in gate.rows])
    elif "cell_id" in metafunc.fixturenames:
        metafunc.parametrize("cell_id", gate.cells_with_floor, ids=gate.cells_with_floor)


def _timed(gate: GateSession, cell_id: str) -> Any:
    """Return the parameter of a timed row, with the cell as its group.

    pytest-benchmark prints ratios within a group. Those of a cell to its baseline are asked for;
    those between backends that were not measured in turns would mislead.
    """
    mark = pytest.mark.benchmark(timer=gate.clocks[cell_id].read, group=cell_id)
    return pytest.param(cell_id, marks=mark, id=cell_id)


@pytest.fixture
def gate_session(request: pytest.FixtureRequest) -> GateSession:
    """The replayed stored records."""
    return request.config.stash[_GATE]


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_generate_machine_info() -> dict[str, Any]:
    """Return the facts of the machine that stay the same."""
    return {name: machine_facts()[name] for name in _MACHINE}


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_benchmark_compare_machine_info(
    config: pytest.Config, machine_info: dict[str, Any], compared_benchmark: dict[str, Any]
) -> None:
    """Keep the baseline for our own comparison of machines."""
    try:
        config.stash[_GATE].baselines.append(parse_baseline(compared_benchmark))
    except SavedError as error:
        raise pytest.UsageError(str(error)) from error
    # The machine is compared by each row's facts. pytest-benchmark 5.3.1 would only warn here, and
    # its warning crashes if its storage is not below the working directory.
    compared_benchmark["machine_info"] = machine_info


def pytest_itemcollected(item: pytest.Item) -> None:
    """Count a row that is expected."""
    item.config.stash[_GATE].tally.note(item.name, "not run")


def pytest_deselected(items: Iterable[pytest.Item]) -> None:
    """Note the rows that are left out."""
    for item in items:
        item.config.stash[_GATE].tally.note(item.name, "deselected")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note how each phase of a row ended."""
    report = yield
    item.config.stash[_GATE].tally.note_phase(item.name, report.when, report.outcome)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session in which an expected row was not judged."""
    config = session.config
    failures = config.stash[_GATE].failures(
        time_file=_time_file(config), compare_asked=bool(config.getoption("benchmark_compare"))
    )
    config.stash[_FAILURES] = failures
    config.stash[_SESSION] = session
    if failures and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    """Print the failures and the verdict."""
    failures = config.stash[_FAILURES]
    try:
        yield
    except (PerformanceRegression, pytest.UsageError) as error:
        # If it propagated, pytest would end in a traceback that hides the reason.
        config.stash[_SESSION].exitstatus = pytest.ExitCode.TESTS_FAILED
        failures.append(f"{error} (pytest-benchmark's --benchmark-compare-fail)")
    terminalreporter.section("bench gate")
    for sentence in config.stash[_GATE].notes(time_file=_time_file(config)):
        terminalreporter.write_line(f"Note: {sentence}")
    for sentence in failures:
        terminalreporter.write_line(f"FAILED: {sentence}", red=True)
    if not failures:
        terminalreporter.write_line("Every expected row was judged.")


def _time_file(config: pytest.Config) -> str:
    """Return the node id of the rows' file, which starts their full names."""
    path = Path(__file__).with_name("stored_checks.py")
    return Path(os.path.relpath(path, config.rootpath)).as_posix()
