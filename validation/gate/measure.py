"""Measure real gates with known answers, pair by pair, until the time is over."""

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
from bench.regression.plan import NOISE_REDUCING_VARIABLES, PINNED_THREADS, plan_gate
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
#: Stored decimals of a raw duration, which is about 0.3 s: microseconds.
_DECIMALS: Final = 6


def measure_real(
    samples: SampleStore,
    session: str,
    logs: Path,
    backends: Sequence[str],
    minutes: float,
    console: Console,
    kinds: Collection[GateKind] = (),
    runner: Runner = run_pair,
    primer: Callable[[PairSpec, Path], None] = fill_compile_cache,
) -> None:
    """Append pairs to `samples` for `minutes`, first those of the arms farthest from their goal.

    If `kinds` are given, only gates of these kinds are measured.

    A gate of an earlier session is continued only on the same machine with the same versions and
    variables; otherwise it is left unchanged and counts as undecided. InterpreterError if a
    backend is not installed.
    """
    pair_specs = _pair_specs(backends)
    context = _context(session, pair_specs)
    compatible = {s for s, other in samples.contexts().items() if _is_compatible(other, context)}
    samples.add(context)
    try:
        logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{logs} cannot be created: {error.strerror}.") from error
    for pair_spec in pair_specs.values():
        primer(pair_spec, logs)
    gates = gates_of(samples.rows(RealPair))
    deadline = monotonic() + 60 * minutes
    while monotonic() < deadline:
        arm, number = next_gate(gates, backends, {*compatible, session}, kinds)
        gate = gates.setdefault((arm, number), [])
        row = _measure(pair_specs[arm.backend], arm, number, len(gate), session, logs, runner)
        samples.add(row)
        gate.append(row)
        _print_pair(console, row, deadline)


def _pair_specs(backends: Sequence[str]) -> dict[str, PairSpec]:
    """Return, per backend, a pair spec of this checkout against itself."""
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
            backend: _noise_reducing(c.baseline.environment.performance)
            for backend, c in pair_specs.items()
        },
    )


def _is_compatible(other: Context, current: Context) -> bool:
    return (
        other.machine["machine_id"] == current.machine["machine_id"]
        and all(other.versions.get(b, v) == v for b, v in current.versions.items())
        and all(other.cells.get(b, c) == c for b, c in current.cells.items())
        and all(
            other.variables.get(b) == current.variables.get(b)
            for b in other.versions.keys() & current.versions.keys()
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
    """Return the pair spec with the arm's work and variables."""
    side_spec = pair_spec.baseline
    if arm.condition == "plain":
        identity = replace(
            side_spec.identity, variables=_without_noise_reducing(side_spec.identity.variables)
        )
        side_spec = replace(
            side_spec,
            identity=identity,
            environment=CellEnvironment(
                variables=_without_noise_reducing(side_spec.environment.variables),
                performance=_without_noise_reducing(side_spec.environment.performance),
            ),
        )
    extra_work = replace(side_spec, identity=replace(side_spec.identity, work=arm.work))
    return replace(pair_spec, baseline=side_spec, candidate=extra_work)


def _noise_reducing(variables: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in variables.items()
        if name in NOISE_REDUCING_VARIABLES | PINNED_THREADS
    }


def _without_noise_reducing(variables: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in variables.items()
        if name not in NOISE_REDUCING_VARIABLES | PINNED_THREADS
    }


def _clocks(pair: Pair, side: Literal["baseline", "candidate"]) -> Clocks:
    slices = [getattr(each, side) for each in pair.slices]
    return Clocks(
        wall=tuple(round(each.wall_seconds, _DECIMALS) for each in slices),
        cpu=tuple(round(each.cpu_seconds, _DECIMALS) for each in slices),
    )


def _print_pair(console: Console, row: RealPair, deadline: float) -> None:
    """Print the result of a pair."""
    name = f"{row.backend} +{row.work - 1:.1%} {row.condition}, gate {row.gate}, pair {row.number}"
    result = row.reason or ", ".join(
        f"{100 * pair_log_ratio(row.pair, clock):+.1f}% {clock}" for clock in CLOCKS
    )
    remaining = time_left(max(0.0, deadline - monotonic()))
    text = f"{name}: {sanitize_line(result)} in {row.seconds:.0f} s, {remaining}"
    console.print(text, markup=False, highlight=False, soft_wrap=True)
