"""Measure real gates of which the answer is known, pair by pair, until time is up."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final, Literal

from msgspec.structs import replace
from rich.console import Console

from bench.core.suite import Overrides, expand, load_suite
from bench.core.text import sanitize_line
from bench.regression.estimators import CLOCKS, pair_log_ratio
from bench.regression.lockstep import PairSpec, fill_compile_cache, run_pair
from bench.regression.measure import Runner
from bench.regression.pair import Pair
from bench.regression.plan import BOUND, NOISE_REDUCING_VARIABLES, plan_gate
from bench.regression.validity import invalid_reason
from bench.regression.verdict import Margins
from bench.runner.progress import time_left
from bench.storage.store import StoreError
from bench.system.environment import CellEnvironment
from bench.system.interpreter import InterpreterError
from bench.system.machine import git_facts, machine_facts
from bench.system.side import HERE
from validation.gate.background_load import half_load
from validation.gate.real import gates_of, next_gate
from validation.gate.rows import PROOF_VERSION, Arm, Clocks, Context, GateKind, RealPair
from validation.gate.store import SampleStore

_SUITE: Final = "gate"
#: Digits of a raw duration that is stored: a slice of 0.3 s is known to a microsecond.
_DECIMALS: Final = 6


def measure_real(
    book: SampleStore,
    session: str,
    logs: Path,
    backends: Sequence[str],
    minutes: float,
    console: Console,
    kinds: Collection[GateKind] = (),
    runner: Runner = run_pair,
    primer: Callable[[PairSpec, Path], None] = fill_compile_cache,
) -> None:
    """Append pairs to `book` until so many `minutes` are over, arms that lack most first.

    No gates but those of the `kinds`, if any are given.

    A gate that another session has begun is gone on with only on the same machine with the same
    versions and variables; elsewhere it stays as it is, and counts as undecided. InterpreterError
    when a backend is not installed.
    """
    pair_specs = _contests(backends)
    context = _context(session, pair_specs)
    like = {name for name, other in book.contexts().items() if _is_like(other, context)}
    book.add(context)
    try:
        logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{logs} cannot be made: {error.strerror}.") from error
    for pair_spec in pair_specs.values():
        primer(pair_spec, logs)
    gates = gates_of(book.rows(RealPair))
    deadline = monotonic() + 60 * minutes
    while monotonic() < deadline:
        arm, number = next_gate(gates, backends, {*like, session}, kinds)
        gate = gates.setdefault((arm, number), [])
        row = _measure(pair_specs[arm.backend], arm, number, len(gate), session, logs, runner)
        book.add(row)
        gate.append(row)
        _tell(console, row, deadline)


def _contests(backends: Sequence[str]) -> dict[str, PairSpec]:
    """Return a contest of this checkout against itself per backend."""
    cells = expand(load_suite(_SUITE), Overrides(backends=tuple(backends)), _SUITE)
    plan, pair_specs = plan_gate("", cells, (HERE, HERE), ("", ""), Margins())
    for reason in plan.unplanned.values():
        raise InterpreterError(f"{reason}.")
    return {c.baseline.job.cell.backend: c for c in pair_specs if c.kind == "cell"}


def _context(session: str, pair_specs: Mapping[str, PairSpec]) -> Context:
    git = git_facts()
    return Context(
        proof_version=PROOF_VERSION,
        session=session,
        machine=machine_facts(),
        commit=git.commit,
        dirty=git.dirty,
        cells={backend: c.baseline.job.cell.id for backend, c in pair_specs.items()},
        versions={backend: c.baseline.identity.versions for backend, c in pair_specs.items()},
        variables={
            backend: _steady(c.baseline.environment.performance)
            for backend, c in pair_specs.items()
        },
    )


def _is_like(other: Context, own: Context) -> bool:
    return (
        other.machine["machine_id"] == own.machine["machine_id"]
        and all(other.versions.get(b, v) == v for b, v in own.versions.items())
        and all(other.cells.get(b, c) == c for b, c in own.cells.items())
        and all(
            other.variables.get(b) == own.variables.get(b)
            for b in other.versions.keys() & own.versions.keys()
        )
    )


def _measure(
    pair_spec: PairSpec,
    arm: Arm,
    gate: int,
    number: int,
    session: str,
    logs: Path,
    runner: Runner,
) -> RealPair:
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    armed = _armed(pair_spec, arm)
    with ExitStack() as stack:
        if arm.condition == "half loaded":
            seed = f"{arm.backend} {arm.work} {gate} {number}"
            stack.enter_context(half_load(len(pair_spec.baseline.job.cpus), seed))
        pair = runner(armed, number, logs)
    first = replace(pair, number=0)
    reason = invalid_reason([first], armed.baseline.identity, armed.candidate.identity)
    return RealPair(
        session=session,
        backend=arm.backend,
        work=arm.work,
        condition=arm.condition,
        gate=gate,
        number=number,
        started_at=started_at,
        seconds=round(pair.seconds, 3),
        steps=pair.slices[0].baseline.steps if pair.slices else 0,
        baseline=_clocks(pair, "baseline"),
        candidate=_clocks(pair, "candidate"),
        reason=reason,
    )


def _armed(pair_spec: PairSpec, arm: Arm) -> PairSpec:
    """Return the contest with the arm's work and variables."""
    side_spec = pair_spec.baseline
    if arm.condition == "plain":
        identity = replace(
            side_spec.identity, variables=_without_steady(side_spec.identity.variables)
        )
        side_spec = replace(
            side_spec,
            identity=identity,
            environment=CellEnvironment(
                variables=_without_steady(side_spec.environment.variables),
                performance=_without_steady(side_spec.environment.performance),
            ),
        )
    harder = replace(side_spec, identity=replace(side_spec.identity, work=arm.work))
    return replace(pair_spec, baseline=side_spec, candidate=harder)


def _steady(variables: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value for name, value in variables.items() if name in NOISE_REDUCING_VARIABLES | BOUND
    }


def _without_steady(variables: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in variables.items()
        if name not in NOISE_REDUCING_VARIABLES | BOUND
    }


def _clocks(pair: Pair, side: Literal["baseline", "candidate"]) -> Clocks:
    slices = [getattr(turn, side) for turn in pair.slices]
    return Clocks(
        wall=tuple(round(found.wall_seconds, _DECIMALS) for found in slices),
        cpu=tuple(round(found.cpu_seconds, _DECIMALS) for found in slices),
    )


def _tell(console: Console, row: RealPair, deadline: float) -> None:
    """Say what a pair says."""
    name = f"{row.backend} +{row.work - 1:.1%} {row.condition}, gate {row.gate}, pair {row.number}"
    said = row.reason or ", ".join(
        f"{100 * pair_log_ratio(row.pair, clock):+.1f}% {clock}" for clock in CLOCKS
    )
    left = time_left(max(0.0, deadline - monotonic()))
    text = f"{name}: {sanitize_line(said)} in {row.seconds:.0f} s, {left}"
    console.print(text, markup=False, highlight=False, soft_wrap=True)
