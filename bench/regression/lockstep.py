"""One lock-step pair: start both sides, warm them up, and time their slices alternately."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from fractions import Fraction
from math import ceil, lcm
from pathlib import Path
from time import perf_counter
from typing import Final

import msgspec
from msgspec.structs import replace

from bench.regression.messages import Slice, WarmedUp
from bench.regression.pair import Pair, PairKind, SideReport, SlicePair
from bench.regression.side_process import (
    LOCKSTEP_COMMAND,
    PairError,
    SideProcess,
    SideSpec,
    start_side,
)
from bench.regression.validity import SLICES, identity_mismatch
from bench.system.orphans import no_new_children

#: The minimum duration and number of steps of a slice.
SLICE_SECONDS: Final = 0.3
FEWEST_STEPS: Final = 10
#: During warm-up a step can take this many times its later duration.
_WARM_FACTOR: Final = 1.25
#: Longer than any response of a side: imports, compilation and a slice all take less.
_TIMEOUT_SECONDS: Final = 600.0


class PairSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The specification of a pair: one cell, trained on two sides."""

    kind: PairKind
    baseline: SideSpec
    candidate: SideSpec

    @property
    def key(self) -> tuple[PairKind, str]:
        """The kind and the id of the cell, unique within a gate."""
        return self.kind, self.baseline.job.cell.id


def fill_compile_cache(pair_spec: PairSpec, log_folder: Path) -> None:
    """Fill JAX's cache of compiled programs, so that neither side of a pair compiles.

    A failure here is ignored, because it recurs in the first pair, which records it.
    """
    kind, cell_id = pair_spec.key
    if kind != "cell" or pair_spec.baseline.job.cell.backend != "jax":
        return
    for name, side_spec in (("baseline", pair_spec.baseline), ("candidate", pair_spec.candidate)):
        log_path = log_folder / f"{cell_id}-{name}-prime.log"
        with suppress(PairError), start_side(name, side_spec, log_path, _TIMEOUT_SECONDS) as side:
            side.wait_until_built()
            side.warm()


def run_pair(
    pair_spec: PairSpec,
    number: int,
    log_folder: Path,
    command: tuple[str, ...] = LOCKSTEP_COMMAND,
    timeout_seconds: float = _TIMEOUT_SECONDS,
) -> Pair:
    """Return a new pair; it has a `reason` if a side failed, died, hung or has the wrong identity.

    Only one side computes at a time; the other waits in the kernel. Slices alternate A B, B A,
    and so on, and the side that starts first alternates between pairs. The first slice of each
    side is discarded.
    """
    begin = perf_counter()
    kind, cell_id = pair_spec.key
    pair = Pair(kind=kind, cell_id=cell_id, number=number, seconds=0.0)
    log_path = log_folder / f"{cell_id}-{kind}-p{number}.log"
    try:
        side_specs = {"baseline": pair_spec.baseline, "candidate": pair_spec.candidate}
        names = ("baseline", "candidate") if number % 2 == 0 else ("candidate", "baseline")
        first, second = (
            start_side(name, side_specs[name], log_path, timeout_seconds, command) for name in names
        )
        with no_new_children(), first as earlier, second as later:
            pair = _measure_slices(
                pair, dict(zip(names, (earlier, later), strict=True)), side_specs
            )
    except PairError as error:
        pair = replace(pair, reason=str(error))
    return replace(pair, seconds=perf_counter() - begin)


def _measure_slices(
    pair: Pair, sides: Mapping[str, SideProcess], side_specs: Mapping[str, SideSpec]
) -> Pair:
    """Return the pair with its slices, after both sides have warmed up, one after the other."""
    for side in sides.values():
        side.wait_until_built()
    warm = {name: _warm(side, side_specs[name]) for name, side in sides.items()}
    works = (_step_multiple(side_spec) for side_spec in side_specs.values())
    together = (_steps_per_execution(warmed) for warmed in warm.values())
    steps = _steps(warm.values(), lcm(*works) * lcm(*together))
    return replace(
        pair,
        baseline=_report(warm["baseline"]),
        candidate=_report(warm["candidate"]),
        slices=_slices(sides["baseline"], sides["candidate"], steps),
    )


def _warm(side: SideProcess, side_spec: SideSpec) -> WarmedUp:
    warmed = side.warm()
    mismatch = identity_mismatch(side.name, _report(warmed), side_spec.identity)
    if mismatch:
        raise PairError(mismatch)
    return warmed


def _report(warmed: WarmedUp) -> SideReport:
    return SideReport(identity=warmed.identity, settings=warmed.settings)


def _steps(sides: Iterable[WarmedUp], multiple: int) -> int:
    """Return the steps of a slice, a multiple of `multiple`, enough for the slower side."""
    slowest = max(warmed.step_seconds for warmed in sides)
    if slowest <= 0:
        raise PairError("the sides measured no time in their warm-up, so no slice can be planned")
    steps = max(FEWEST_STEPS, ceil(_WARM_FACTOR * SLICE_SECONDS / slowest))
    return ceil(steps / multiple) * multiple


def _steps_per_execution(warmed: WarmedUp) -> int:
    """Return the number of steps that a side's model begins together."""
    return int(warmed.settings.get("steps_per_execution") or 1)


def _step_multiple(side_spec: SideSpec) -> int:
    """Return the smallest number of steps for which a side really does a whole number of steps."""
    return Fraction(side_spec.identity.work).limit_denominator(100).denominator


def _slices(baseline: SideProcess, candidate: SideProcess, steps: int) -> tuple[SlicePair, ...]:
    for side in (baseline, candidate):
        side.start_slices(steps)
        side.run_slice()
    return tuple(_slice_pair(baseline, candidate, number % 2 == 1) for number in range(SLICES))


def _slice_pair(baseline: SideProcess, candidate: SideProcess, candidate_first: bool) -> SlicePair:
    if candidate_first:
        of_candidate: tuple[Slice, float] = candidate.run_slice()
        of_baseline = baseline.run_slice()
    else:
        of_baseline, of_candidate = baseline.run_slice(), candidate.run_slice()
    return SlicePair(
        baseline=of_baseline[0],
        candidate=of_candidate[0],
        baseline_round_trip=of_baseline[1],
        candidate_round_trip=of_candidate[1],
    )
