"""One lock-step pair: start both sides, warm them, and let them compute in turns."""

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

#: A slice lasts at least so long, and has at least so many steps.
SLICE_SECONDS: Final = 0.3
FEWEST_STEPS: Final = 10
#: Steps read up to so many times too long while a side gets warm.
_WARM_FACTOR: Final = 1.25
#: No answer of a side takes so long: imports, compilation and a slice are all shorter.
_TIMEOUT_SECONDS: Final = 600.0


class PairSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a pair is made of: the same cell, to be trained on two sides."""

    kind: PairKind
    baseline: SideSpec
    candidate: SideSpec

    @property
    def key(self) -> tuple[PairKind, str]:
        """The kind and the id of the cell, which no other contest of a gate has."""
        return self.kind, self.baseline.job.cell.id


def fill_compile_cache(pair_spec: PairSpec, log_folder: Path) -> None:
    """Fill the cache of compiled programs that JAX has, so that no pair has a side that compiles.

    What fails here fails in the first pair too, which tells of it.
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
    """Return a new pair; one with a reason when a side failed, died, hung or is not who it must be.

    Only one side computes at a time: the other one waits in the kernel for its turn. Turns go
    A B, B A, and so on, and which side starts first changes with every pair. The first turn of
    each side is thrown away.
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
            pair = _play(pair, dict(zip(names, (earlier, later), strict=True)), side_specs)
    except PairError as error:
        pair = replace(pair, reason=str(error))
    return replace(pair, seconds=perf_counter() - begin)


def _play(pair: Pair, sides: Mapping[str, SideProcess], side_specs: Mapping[str, SideSpec]) -> Pair:
    """Return the pair with its slices, after both sides have got warm, one after the other."""
    for side in sides.values():
        side.wait_until_built()
    warm = {name: _warm(side, side_specs[name]) for name, side in sides.items()}
    steps = _steps(warm.values(), lcm(*(_whole(side_spec) for side_spec in side_specs.values())))
    return replace(
        pair,
        baseline=_member(warm["baseline"]),
        candidate=_member(warm["candidate"]),
        slices=_slices(sides["baseline"], sides["candidate"], steps),
    )


def _warm(side: SideProcess, side_spec: SideSpec) -> WarmedUp:
    said = side.warm()
    wrong = identity_mismatch(side.name, _member(said), side_spec.identity)
    if wrong:
        raise PairError(wrong)
    return said


def _member(said: WarmedUp) -> SideReport:
    return SideReport(identity=said.identity, settings=said.settings)


def _steps(warm: Iterable[WarmedUp], whole: int) -> int:
    """Return the steps of a slice, a multiple of `whole`, long enough for the slower side."""
    slowest = max(said.step_seconds for said in warm)
    steps = max(FEWEST_STEPS, ceil(_WARM_FACTOR * SLICE_SECONDS / max(slowest, 1e-6)))
    return ceil(steps / whole) * whole


def _whole(side_spec: SideSpec) -> int:
    """Return the fewest steps of which a side's extra work makes a whole number of steps."""
    return Fraction(side_spec.identity.work).limit_denominator(100).denominator


def _slices(baseline: SideProcess, candidate: SideProcess, steps: int) -> tuple[SlicePair, ...]:
    for side in (baseline, candidate):
        side.begin(steps)
        side.turn()
    return tuple(_turn(baseline, candidate, turn % 2 == 1) for turn in range(SLICES))


def _turn(baseline: SideProcess, candidate: SideProcess, candidate_first: bool) -> SlicePair:
    if candidate_first:
        later: tuple[Slice, float] = candidate.turn()
        earlier = baseline.turn()
    else:
        earlier, later = baseline.turn(), candidate.turn()
    return SlicePair(
        baseline=earlier[0],
        candidate=later[0],
        baseline_round_trip=earlier[1],
        candidate_round_trip=later[1],
    )
