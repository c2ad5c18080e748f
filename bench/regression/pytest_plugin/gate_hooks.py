"""The pytest plugin of `tox -e gate`: hooks only; `bench.regression` decides.

`--baseline SIDE --candidate SIDE` measures a gate first; `--gate FOLDER` uses a measured one. The
tests are in `gate_checks.py`.
"""

import warnings
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench.core.exit_codes import ExitCode
from bench.core.suite import Overrides, expand, load_suite
from bench.core.text import BenchError
from bench.regression.gate_run import GateRequest, begin_gate
from bench.regression.pytest_plugin.gate_session import GateReplay, open_replay
from bench.storage.store import default_reports_folder
from data.errors import DataError

_GATE = pytest.StashKey[GateReplay]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("bench gate")
    group.addoption("--gate", metavar="FOLDER", help="a gate that is already measured")
    group.addoption("--candidate", metavar="SIDE", help="measure this side …")
    group.addoption(
        "--baseline", metavar="SIDE", help="… against this one (default: this checkout)"
    )
    for name in ("suite", "reports", "dataset"):
        group.addoption(f"--{name}", dest=f"gate_{name}", help="as for `python -m bench gate`")
    for name in ("backend", "workload"):
        group.addoption(f"--{name}", dest=f"gate_{name}", action="append", help="likewise")


def pytest_configure(config: pytest.Config) -> None:
    """Open what is judged, or end the session with the reason why not."""
    if config.getoption("benchmark_compare", default=None) is None:
        _end_session("A gate needs pytest-benchmark, which is disabled or not installed.")
    if hasattr(config, "workerinput") or config.getoption("numprocesses", default=None):
        _end_session("A gate cannot be judged by several processes; omit xdist's -n.")
    if config.getoption("benchmark_disable") or config.getoption("benchmark_skip"):
        _end_session("A gate cannot be judged with --benchmark-disable or --benchmark-skip.")
    warnings.filterwarnings("default", category=pytest.PytestWarning, module="pytest_benchmark")
    try:
        config.stash[_GATE] = open_replay(_folder(config))
    except (BenchError, DataError) as error:
        _end_session(str(error))


def _folder(config: pytest.Config) -> Path:
    gate, candidate = config.getoption("gate"), config.getoption("candidate")
    if (gate is None) == (candidate is None):
        _end_session(
            "Name either a measured gate with --gate FOLDER or a side with --candidate SIDE."
        )
    if gate is not None:
        return Path(gate)
    try:
        return _measured(config, candidate)
    except KeyboardInterrupt as stop:
        pytest.exit(
            " ".join(("Interrupted.", *map(str, stop.args))), returncode=ExitCode.INTERRUPTED
        )


def _measured(config: pytest.Config, candidate: str) -> Path:
    """Measure the gate that the options request and return its folder."""
    suite = config.getoption("gate_suite") or "gate"
    overrides = Overrides(
        backends=tuple(config.getoption("gate_backend") or ()),
        workloads=tuple(config.getoption("gate_workload") or ()),
        dataset=config.getoption("gate_dataset"),
    )
    cells = expand(load_suite(suite), overrides, suite)
    request = GateRequest(config.getoption("baseline") or "", candidate, cells)
    reports = Path(config.getoption("gate_reports") or default_reports_folder())
    console = Console()
    return begin_gate(request, reports, console, console.print).store.folder


def _end_session(sentence: str) -> None:
    pytest.exit(sentence, returncode=ExitCode.INVALID)


def pytest_report_header(config: pytest.Config) -> str:
    """Return the summary above the rows."""
    return config.stash[_GATE].summary()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a row per expected benchmark and a check per cell."""
    gate = metafunc.config.stash[_GATE]
    if "benchmark" in metafunc.fixturenames:
        metafunc.parametrize("row_name", [_timed(gate, name) for name in gate.rows])
    else:
        metafunc.parametrize("cell_id", gate.cell_ids, ids=gate.cell_ids)


def _timed(gate: GateReplay, name: str) -> Any:
    """Return the parameter of a timed row: pytest-benchmark prints a cell's two sides together."""
    mark = pytest.mark.benchmark(timer=gate.clocks[name].read, group=gate.rows[name].cell_id)
    return pytest.param(name, marks=mark, id=name)


@pytest.fixture
def gate_replay(request: pytest.FixtureRequest) -> GateReplay:
    """The replayed gate."""
    return request.config.stash[_GATE]


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
    """Exit with the gate's status, independent of the results of the tests."""
    status = session.config.stash[_GATE].status()
    if session.exitstatus in (
        pytest.ExitCode.OK,
        pytest.ExitCode.TESTS_FAILED,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        session.exitstatus = int(status)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the failures and the verdict."""
    gate = config.stash[_GATE]
    terminalreporter.section("bench gate")
    for sentence in gate.failures():
        terminalreporter.write_line(f"FAILED: {sentence}", red=True)
    status = gate.status()
    terminalreporter.write_line(f"Exit {int(status)}: {status.name.lower()}")
