"""Binds a gate to pytest and pytest-benchmark: hooks only; `bench.regression` decides.

`--baseline SIDE --candidate SIDE` measures a gate first; `--gate FOLDER` takes a measured one.
"""

import warnings
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

from bench.cli.console import CommandConsole
from bench.cli.gate import measure_time
from bench.cli.main import USER_ERRORS
from bench.cli.parser import make_parser
from bench.core.exit_codes import ExitCode
from bench.regression.pytest_plugin.gate_session import GateReplay, open_replay
from bench.regression.store import GateStoreError
from bench.storage.store import StoreError
from bench.system.timing_lock import MachineBusyError

GATE = pytest.StashKey[GateReplay]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("bench gate")
    group.addoption("--gate", metavar="FOLDER", help="a gate that was measured before")
    group.addoption("--candidate", metavar="SIDE", help="measure this side …")
    group.addoption(
        "--baseline", metavar="SIDE", help="… against this one (default: this checkout)"
    )
    for name in ("suite", "reports", "dataset"):
        group.addoption(f"--{name}", dest=f"gate_{name}", help="as for `python -m bench gate`")
    for name in ("backend", "workload"):
        group.addoption(f"--{name}", dest=f"gate_{name}", action="append", help="likewise")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("benchmark_compare", default=None) is None:
        _leave("tests/gate needs pytest-benchmark, which is off or not installed.")
    if hasattr(config, "workerinput") or config.getoption("numprocesses", default=None):
        _leave("A gate cannot be judged by several processes: leave xdist's -n away.")
    if config.getoption("benchmark_disable") or config.getoption("benchmark_skip"):
        _leave("--benchmark-disable and --benchmark-skip leave the rows of a gate unjudged.")
    warnings.filterwarnings("default", category=pytest.PytestWarning, module="pytest_benchmark")
    try:
        config.stash[GATE] = open_replay(_folder(config))
    except (*USER_ERRORS, GateStoreError, MachineBusyError, StoreError) as error:
        _leave(str(error))


def _folder(config: pytest.Config) -> Path:
    gate, candidate = config.getoption("gate"), config.getoption("candidate")
    if (gate is None) == (candidate is None):
        _leave("Name either a measured gate with --gate FOLDER, or a side with --candidate SIDE.")
    if gate is not None:
        return Path(gate)
    words = ["gate", "--candidate", candidate, "--baseline", config.getoption("baseline") or ""]
    for name in ("suite", "reports", "dataset", "backend", "workload"):
        given = config.getoption(f"gate_{name}")
        for value in given if isinstance(given, list) else [given] if given else []:
            words += [f"--{name}", value]
    try:
        return measure_time(make_parser().parse_args(words), CommandConsole()).book.folder
    except KeyboardInterrupt as stop:
        pytest.exit(
            " ".join(("Interrupted.", *map(str, stop.args))), returncode=ExitCode.INTERRUPTED
        )


def _leave(sentence: str) -> None:
    pytest.exit(sentence, returncode=ExitCode.INVALID)


def pytest_report_header(config: pytest.Config) -> str:
    return config.stash[GATE].summary()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    gate = metafunc.config.stash[GATE]
    if "benchmark" in metafunc.fixturenames:
        metafunc.parametrize("row_name", [_timed(gate, name) for name in gate.rows])
    else:
        metafunc.parametrize("cell_id", gate.cell_ids, ids=gate.cell_ids)


def _timed(gate: GateReplay, name: str) -> Any:
    """Return the parameter of a timed row: pytest-benchmark prints a cell's two sides together."""
    mark = pytest.mark.benchmark(timer=gate.clocks[name].read, group=gate.rows[name].cell_id)
    return pytest.param(name, marks=mark, id=name)


@pytest.fixture
def gate(request: pytest.FixtureRequest) -> GateReplay:
    return request.config.stash[GATE]


def pytest_itemcollected(item: pytest.Item) -> None:
    item.config.stash[GATE].tally.note(item.name, "not run")


def pytest_deselected(items: Iterable[pytest.Item]) -> None:
    for item in items:
        item.config.stash[GATE].tally.note(item.name, "deselected")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.config.stash[GATE].tally.note_phase(item.name, report.when, report.outcome)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave with the gate's status, whatever pytest makes of the tests."""
    status = session.config.stash[GATE].status()
    if session.exitstatus in (
        pytest.ExitCode.OK,
        pytest.ExitCode.TESTS_FAILED,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        session.exitstatus = int(status)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    gate = config.stash[GATE]
    terminalreporter.section("bench gate")
    for sentence in gate.failures():
        terminalreporter.write_line(f"FAILED: {sentence}", red=True)
    status = gate.status()
    terminalreporter.write_line(f"Exit {int(status)}: {status.name.lower()}")
