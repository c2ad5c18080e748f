"""One simulated suite: the gate's own code and the rules of other tools on the same machine."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec
import numpy as np

from bench.core.serialization import Document, Layout, rename_keys
from bench.regression.pair import Pair
from bench.regression.sequential import judge_looks, judge_means, learn_priors
from bench.regression.validity import SLICES
from bench.regression.verdict import INTERIM_LOOKS, Margins, Verdict, VerdictKind
from validation.gate.noise_model import Floats, Noise, Program, SimulatedMachine
from validation.gate.other_tools import REFERENCE_METHODS, ReferenceMethod
from validation.gate.rows import pair_of

CELLS: Final = 30

#: The times of a pair of lab_baseline on two cores: starts and warm-ups, a slice, a hand-over.
START_SECONDS: Final = 8.0
_SLICE_SECONDS: Final = 0.3
GAP_SECONDS: Final = 0.04
#: Longer than any rule needs for a suite.
_LONGEST_SECONDS: Final = 60_000.0

DRIFTS: Final[Mapping[str, Noise]] = {
    "5% over 300 s": Noise(0.05, 300.0),
    "10% over 300 s": Noise(0.10, 300.0),
    "10% over 30 s": Noise(0.10, 30.0),
}
#: The number of slower cells and the factor of their time.
ARMS: Final[Mapping[str, tuple[int, float]]] = {
    "none slower": (0, 1.0),
    "3 of 30 slower by 5%": (3, 1.05),
    "all slower by 2%": (CELLS, 1.02),
}
GATE: Final = "gate"
Schedule = Literal["lock-step", "one run after the other"]
#: The version of the verdict rules, simulation and reference methods. Raise it by hand if a change
#: to them changes any answer; `test_published_suites_follow_from_todays_rules` fails until then.
RULES_VERSION: Final = 1
#: Raised whenever the fields of a row change. The rows of version 1 do not name their version.
SUITE_VERSION: Final = 2
#: A cell's values on both sides.
Sides = tuple[Floats, Floats]


class RuleAnswers(msgspec.Struct, frozen=True, array_like=True):
    """The verdicts of one rule on a suite, as counts of cells; stored as a list, in this order.

    `false_alarms` counts equal cells called slower, `found` slower cells called slower.
    `passed_equal` and `passed_slower` count passed cells; a rule with only two answers passes every
    cell that it does not call slower. `mean` is the gate's verdict on the geometric mean, None for
    other rules. `minutes` is the time for which the machine was used.
    """

    rule: str
    schedule: Schedule
    false_alarms: int
    found: int
    passed_equal: int
    passed_slower: int
    minutes: float
    mean: VerdictKind | None = None


class SuiteRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One simulated suite of CELLS cells, and the answers of each rule.

    `rules` is the RULES_VERSION of the code that computed them.
    """

    suite_version: int = SUITE_VERSION
    rules: int
    drift: str
    arm: str
    suite: int
    answers: tuple[RuleAnswers, ...]


def _upgrade(document: Document) -> None:
    rename_keys(document, {"said": "answers"})


#: How a line of suites.jsonl is stored.
SUITE_LAYOUT: Final = Layout(SuiteRow, "suite_version", SUITE_VERSION, _upgrade, unnamed=1)


def simulate_suite(drift: str, arm: str, suite: int) -> SuiteRow:
    """Return the answers of each rule on each schedule; equal arguments give equal rows.

    All rules get the same drift and the same programs. The rules of other tools are applied to
    their own schedule, in which the whole suite runs on the baseline and then on the candidate, and
    to the gate's pairs of its first look.
    """
    seeds = [list(DRIFTS).index(drift), list(ARMS).index(arm), suite]
    shared = np.random.default_rng(seeds)
    drift_seed = int(shared.integers(2**63))
    number, slower = ARMS[arm]
    noisier = np.exp(shared.normal(0.0, DRIFTS[drift].between_cells, CELLS)).tolist()
    programs = [Program(slower if cell < number else 1.0, noisier[cell]) for cell in range(CELLS)]
    machines = [
        SimulatedMachine(DRIFTS[drift], drift_seed, int(seed), _LONGEST_SECONDS)
        for seed in shared.integers(2**63, size=1 + len(REFERENCE_METHODS))
    ]
    pairs, verdicts, mean = _gate(machines[0], programs)
    kinds = [each.verdict for each in verdicts]
    answers = [
        RuleAnswers(GATE, "lock-step", *_counts(programs, kinds), _minutes(machines[0]), mean)
    ]
    first_pairs = [cell_pairs[: INTERIM_LOOKS[0]] for cell_pairs in pairs]
    first_look = list(map(_sides, first_pairs))
    minutes = round(sum(pair.seconds for each in first_pairs for pair in each) / 60, 1)
    for method, machine in zip(REFERENCE_METHODS, machines[1:], strict=True):
        counts = _counts(programs, _answers(method, _runs(machine, method, programs)))
        answers.append(
            RuleAnswers(method.name, "one run after the other", *counts, _minutes(machine))
        )
        counts = _counts(programs, _answers(method, first_look))
        answers.append(RuleAnswers(method.name, "lock-step", *counts, minutes))
    return SuiteRow(rules=RULES_VERSION, drift=drift, arm=arm, suite=suite, answers=tuple(answers))


def _answers(method: ReferenceMethod, cells: Sequence[Sides]) -> list[VerdictKind]:
    return ["regressed" if method.slower(*sides) else "pass" for sides in cells]


def _counts(
    programs: Sequence[Program], verdicts: Sequence[VerdictKind]
) -> tuple[int, int, int, int]:
    """Return the numbers of false alarms, found slower, passed equal and passed slower cells."""
    judged = [
        (program.slower > 1, verdict) for program, verdict in zip(programs, verdicts, strict=True)
    ]
    return (
        judged.count((False, "regressed")),
        judged.count((True, "regressed")),
        judged.count((False, "pass")) + judged.count((False, "improved")),
        judged.count((True, "pass")) + judged.count((True, "improved")),
    )


def _minutes(machine: SimulatedMachine) -> float:
    return round(machine.now / 60, 1)


def _gate(
    machine: SimulatedMachine, programs: Sequence[Program]
) -> tuple[list[list[Pair]], list[Verdict], VerdictKind]:
    """Return the gate's pairs, measured in the rotation of a real gate, and its verdicts."""
    pairs: dict[str, list[Pair]] = {str(cell): [] for cell in range(len(programs))}
    verdicts: dict[str, Verdict] = {}
    done = 0
    for look, target_count in enumerate(INTERIM_LOOKS, start=1):
        undecided = [
            name for name in pairs if not verdicts or verdicts[name].verdict == "inconclusive"
        ]
        for number in range(done, target_count):
            for name in undecided:
                pairs[name].append(_pair(machine, name, number, programs[int(name)]))
        verdicts = judge_looks(pairs, len(programs), Margins(), INTERIM_LOOKS[:look])
        done = target_count
    cells = list(pairs.values())
    (mean,) = judge_means({"all": cells}, learn_priors(cells)).values()
    return cells, [verdicts[name] for name in pairs], mean.verdict


def _pair(machine: SimulatedMachine, name: str, number: int, program: Program) -> Pair:
    """Return a pair; the baseline goes first in slices of even number."""
    begin = machine.now
    machine.wait(START_SECONDS)
    baseline = machine.process(program._replace(slower=1.0))
    factors = np.array([baseline, machine.process(program)])
    seconds = machine.slices(2 * SLICES, _SLICE_SECONDS, GAP_SECONDS, program.noisier)
    clocks = [clock.reshape(SLICES, 2) for clock in seconds]
    for clock in clocks:
        clock[1::2] = clock[1::2, ::-1]
    wall, cpu = ((clock * factors).tolist() for clock in clocks)
    return pair_of(name, number, machine.now - begin, wall, cpu)


def _sides(pairs: Sequence[Pair]) -> Sides:
    slices = [each for pair in pairs for each in pair.slices]
    return (
        np.array([each.baseline.wall_seconds for each in slices]),
        np.array([each.candidate.wall_seconds for each in slices]),
    )


def _runs(
    machine: SimulatedMachine, method: ReferenceMethod, programs: Sequence[Program]
) -> list[Sides]:
    """Return each cell's values of a run on the baseline and of a later run on the candidate."""
    baseline = [_values(machine, method, program._replace(slower=1.0)) for program in programs]
    candidate = [_values(machine, method, program) for program in programs]
    return list(zip(baseline, candidate, strict=True))


def _values(machine: SimulatedMachine, method: ReferenceMethod, program: Program) -> Floats:
    """Return the wall seconds of one benchmark's run, from all its processes."""
    values = []
    for _ in range(method.processes):
        machine.wait(START_SECONDS)
        wall, _ = machine.slices(method.values, _SLICE_SECONDS, 0.0, program.noisier)
        values.append(wall * machine.process(program))
    return np.concatenate(values)
