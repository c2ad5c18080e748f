"""A finished gate as a session of pytest-benchmark: its slices as rows, its verdicts as tests."""

from pathlib import Path

import msgspec

from bench.core.exit_codes import ExitCode
from bench.regression.outcome import GateOutcome, gate_status, judge_gate
from bench.regression.pair import Pair
from bench.regression.pytest_plugin.replay import ReplayClock, Tally
from bench.regression.report import sentences
from bench.regression.store import GatePlan, GateStore
from bench.system.machine import machine_facts

_TIME_TEST = "test_step_seconds"
VERDICT_TEST = "test_verdict"


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a cell: the wall seconds per step of each slice, pair after pair."""

    cell_id: str
    side: str
    samples_seconds: tuple[float, ...]
    extra_info: dict[str, object]


class GateReplay(msgspec.Struct, kw_only=True):
    """The rows by name, a clock for each, the verdicts, and the tally of judged tests."""

    plan: GatePlan
    outcome: GateOutcome
    rows: dict[str, StepRow]
    clocks: dict[str, ReplayClock]
    tally: Tally

    @property
    def cell_ids(self) -> list[str]:
        """The ids of the cells that the gate expects."""
        return [verdict.cell_id for verdict in self.outcome.verdicts]

    def summary(self) -> str:
        """Return a one-line summary of this session for pytest's header."""
        a, b = (side or "this checkout" for side in self.plan.sides)
        return f"bench gate {self.plan.gate_id}: {len(self.cell_ids)} cells, {a} against {b}"

    def failure_message(self, cell_id: str) -> str | None:
        """Return a sentence if the cell does not pass, else None."""
        (verdict,) = [each for each in self.outcome.verdicts if each.cell_id == cell_id]
        if verdict.verdict in ("pass", "improved"):
            return None
        return f"{cell_id} is {verdict.verdict}{f': {verdict.reason}' if verdict.reason else ''}."

    def failures(self) -> list[str]:
        """Return a sentence per defect of the session or the gate; verdicts do not count here."""
        explained = {f"{VERDICT_TEST}[{cell_id}]" for cell_id in self.cell_ids}
        return self.tally.failures(explained) + sentences(self.outcome)

    def status(self) -> ExitCode:
        """Return the gate's own status, or `INVALID` if a row or a verdict was not judged."""
        explained = {f"{VERDICT_TEST}[{cell_id}]" for cell_id in self.cell_ids}
        return ExitCode.INVALID if self.tally.failures(explained) else gate_status(self.outcome)


def open_replay(folder: Path) -> GateReplay:
    """Return the session of the gate in `folder`; GateStoreError if it cannot be read."""
    store = GateStore(folder)
    plan, pairs = store.plan(), store.pairs()
    outcome = judge_gate(plan, pairs, machine_facts()["machine_id"])
    rows = {
        f"{verdict.cell_id}-{side}": _row(plan, outcome, pairs, verdict.cell_id, side)
        for verdict in outcome.verdicts
        for side in ("baseline", "candidate")
    }
    expected = [f"{_TIME_TEST}[{name}]" for name in rows]
    expected += [f"{VERDICT_TEST}[{verdict.cell_id}]" for verdict in outcome.verdicts]
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
    cell_pairs = [pair for pair in pairs if (pair.kind, pair.cell_id) == ("cell", cell_id)]
    slices = [getattr(each, side) for pair in cell_pairs for each in pair.slices]
    (verdict,) = [each for each in outcome.verdicts if each.cell_id == cell_id]
    reports = [report for pair in cell_pairs if (report := getattr(pair, side)) is not None]
    facts = {
        "cell_id": cell_id,
        "side": side,
        "gate_id": plan.gate_id,
        "machine_id": plan.machine.get("machine_id"),
        "versions": reports[0].identity.versions if reports else {},
        "verdict": verdict.verdict,
        "pairs": verdict.pairs,
    }
    for estimate in verdict.estimates:
        facts[f"{estimate.clock}_ratio"] = [estimate.low, estimate.ratio, estimate.high]
    return StepRow(
        cell_id=cell_id,
        side=side,
        samples_seconds=tuple(each.wall_seconds / each.steps for each in slices),
        extra_info=facts,
    )
