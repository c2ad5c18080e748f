"""A finished gate as a session of pytest-benchmark: its slices as rows, its verdicts as tests."""

from pathlib import Path

import msgspec

from bench.core.exit_codes import ExitCode
from bench.regression.outcome import GateOutcome, gate_status, judge_gate
from bench.regression.pair import Pair
from bench.regression.pytest_plugin.replay import ReplayClock
from bench.regression.pytest_plugin.tally import Tally
from bench.regression.report import sentences
from bench.regression.store import GatePlan, GateStore
from bench.system.machine import machine_facts

_TIME_TEST = "test_step_seconds"
VERDICT_TEST = "test_verdict"


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a cell: the wall seconds of a step in each of its slices, all pairs in a line."""

    cell_id: str
    side: str
    samples_seconds: tuple[float, ...]
    extra_info: dict[str, object]


class GateReplay(msgspec.Struct, kw_only=True):
    """The rows by name, a clock for each, the verdicts, and the tally of what was judged."""

    plan: GatePlan
    outcome: GateOutcome
    rows: dict[str, StepRow]
    clocks: dict[str, ReplayClock]
    tally: Tally

    @property
    def cell_ids(self) -> list[str]:
        """The ids of the cells that the gate expects."""
        return [found.cell_id for found in self.outcome.verdicts]

    def summary(self) -> str:
        """Return in a line what this session judges."""
        a, b = (side or "this checkout" for side in self.plan.sides)
        return f"bench gate {self.plan.gate_id}: {len(self.cell_ids)} cells, {a} against {b}"

    def complaint(self, cell_id: str) -> str | None:
        """Return in a sentence why a cell does not pass, None when it does."""
        (found,) = [each for each in self.outcome.verdicts if each.cell_id == cell_id]
        if found.verdict in ("pass", "improved"):
            return None
        return f"{cell_id} is {found.verdict}{f': {found.reason}' if found.reason else ''}."

    def failures(self) -> list[str]:
        """Return what is wrong with this session or with the gate; verdicts are no failure here."""
        explained = {f"{VERDICT_TEST}[{cell_id}]" for cell_id in self.cell_ids}
        return self.tally.failures(explained) + sentences(self.outcome)

    def status(self) -> ExitCode:
        """Return the gate's own status, `INVALID` when a row or a verdict was left out."""
        explained = {f"{VERDICT_TEST}[{cell_id}]" for cell_id in self.cell_ids}
        return ExitCode.INVALID if self.tally.failures(explained) else gate_status(self.outcome)


def open_replay(folder: Path) -> GateReplay:
    """Return the session of the gate in `folder`; BookError says why it cannot be read."""
    book = GateStore(folder)
    plan, pairs = book.plan(), book.pairs()
    outcome = judge_gate(plan, pairs, machine_facts()["machine_id"])
    rows = {
        f"{found.cell_id}-{side}": _row(plan, outcome, pairs, found.cell_id, side)
        for found in outcome.verdicts
        for side in ("baseline", "candidate")
    }
    expected = [f"{_TIME_TEST}[{name}]" for name in rows]
    expected += [f"{VERDICT_TEST}[{found.cell_id}]" for found in outcome.verdicts]
    return GateReplay(
        plan=plan,
        outcome=outcome,
        rows=rows,
        clocks={name: ReplayClock(row.samples_seconds) for name, row in rows.items()},
        tally=Tally(expected),
    )


def _row(
    plan: GatePlan, outcome: GateOutcome, pairs: list[Pair], cell_id: str, side: str
) -> StepRow:
    own = [pair for pair in pairs if (pair.kind, pair.cell_id) == ("cell", cell_id)]
    slices = [getattr(turn, side) for pair in own for turn in pair.slices]
    (verdict,) = [each for each in outcome.verdicts if each.cell_id == cell_id]
    members = [getattr(pair, side) for pair in own if getattr(pair, side) is not None]
    facts = {
        "cell_id": cell_id,
        "side": side,
        "gate_id": plan.gate_id,
        "machine_id": plan.machine.get("machine_id"),
        "versions": members[0].identity.versions if members else {},
        "verdict": verdict.verdict,
        "pairs": verdict.pairs,
    }
    for estimate in verdict.estimates:
        facts[f"{estimate.clock}_ratio"] = [estimate.low, estimate.ratio, estimate.high]
    return StepRow(
        cell_id=cell_id,
        side=side,
        samples_seconds=tuple(found.wall_seconds / found.steps for found in slices),
        extra_info=facts,
    )
