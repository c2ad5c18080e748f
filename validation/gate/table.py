"""From the validation's raw rows to its table: the error rates of each rule, with intervals."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import exp, sqrt
from statistics import fmean, stdev
from typing import Final

import pandas as pd

from bench.regression.estimators import CLOCKS, log_ratios
from bench.regression.verdict import Verdict
from validation.gate.accuracy import GATES, SeedRow, answer_seeds
from validation.gate.real import gates_of, judge_real
from validation.gate.rows import Arm, RealPair
from validation.gate.simulation import ARMS, CELLS, GATE, RuleAnswers, SuiteRow
from validation.gate.store import SampleStore

#: The confidence of the Clopper-Pearson intervals.
_CONFIDENCE: Final = 0.95


def count_rows(samples: SampleStore) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table of error rates and that of the real pairs, from all raw rows.

    SampleStoreError names a row that cannot be read.
    """
    pairs = samples.rows(RealPair)
    return proof_frame(samples.suites()[0], pairs, samples.rows(SeedRow)), arm_frame(pairs)


def proof_frame(
    suites: Sequence[SuiteRow], pairs: Sequence[RealPair], seeds: Sequence[SeedRow]
) -> pd.DataFrame:
    """Return a row per part, conditions, rule and question.

    Columns: `part` (`simulated`, `real`, `accuracy`), `where` (drift, or backend and condition),
    `slower` (the candidate), `rule`, `schedule`, `question`, `count` of `n` with the `rate`
    and its 95% Clopper-Pearson interval `low` to `high`, and `minutes`, the mean of each.
    """
    rows = [*_simulated(suites), *_real(pairs), *_accuracy(seeds)]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).round(_DECIMALS)


#: Rounding makes the bytes of the table independent of the C library's log and exp.
_DECIMALS: Final = 6
_COLUMNS: Final = (
    *("part", "where", "slower", "rule", "schedule", "question"),
    *("count", "n", "rate", "low", "high", "minutes"),
)


def _simulated(suites: Sequence[SuiteRow]) -> list[dict[str, object]]:
    groups: dict[tuple[str, str, str, str], list[RuleAnswers]] = {}
    for suite in suites:
        for each in suite.answers:
            groups.setdefault((suite.drift, suite.arm, each.rule, each.schedule), []).append(each)
    rows = []
    for (drift, arm, rule, schedule), answers in groups.items():
        name = {"part": "simulated", "where": drift, "slower": arm}
        name |= {"rule": rule, "schedule": schedule}
        minutes = fmean(each.minutes for each in answers)
        for question, count, n in _questions(answers, *ARMS[arm]):
            rows.append({**name, "question": question, **_rate(count, n), "minutes": minutes})
    return rows


def _questions(
    answers: Sequence[RuleAnswers], slower_cells: int, slower: float
) -> Iterable[tuple[str, int, int]]:
    """Yield each question about a rule's answers, its count and its total."""
    slow = slower_cells * len(answers)
    equal = CELLS * len(answers) - slow
    if slower == 1.0:
        alarms = sum(1 for s in answers if s.false_alarms or s.mean == "regressed")
        yield "suites with a false alarm", alarms, len(answers)
    if equal:
        yield "equal cells called slower", sum(s.false_alarms for s in answers), equal
        yield "equal cells passed", sum(s.passed_equal for s in answers), equal
    if slow:
        yield "slower cells found", sum(s.found for s in answers), slow
        yield "slower cells passed", sum(s.passed_slower for s in answers), slow
    if answers[0].mean is not None:
        slower_means = sum(s.mean == "regressed" for s in answers)
        yield "means called slower", slower_means, len(answers)


def _real(pairs: Sequence[RealPair]) -> list[dict[str, object]]:
    gates = gates_of(pairs)
    arms: dict[Arm, list[tuple[Verdict | None, list[RealPair]]]] = {}
    for key, gate in gates.items():
        arms.setdefault(key[0], []).append((judge_real(gates, key), gate))
    rows = []
    for arm, judged in sorted(arms.items()):
        name = {"part": "real", "where": f"{arm.backend}, {arm.condition}"}
        name |= {"slower": f"{arm.work - 1:.1%}", "rule": GATE, "schedule": "lock-step"}
        verdicts = Counter(
            "undecided" if verdict is None else verdict.verdict for verdict, _ in judged
        )
        minutes = fmean(sum(pair.seconds for pair in gate) / 60 for _, gate in judged)
        for word in ("regressed", "improved", "pass", "inconclusive", "invalid", "undecided"):
            counts = _rate(verdicts[word], len(judged))
            rows.append({**name, "question": f"gates with verdict {word}", **counts})
            rows[-1]["minutes"] = minutes
    return rows


def _accuracy(seeds: Sequence[SeedRow]) -> list[dict[str, object]]:
    rows = []
    for answers in answer_seeds(seeds):
        name = {
            "part": "accuracy",
            "where": f"{answers.backend}, {answers.seeds} seeds a side",
            "slower": f"{answers.candidate}, {100 * answers.difference:+.2f} points",
            "rule": GATE,
            "schedule": "stored",
        }
        for word in ("regressed", "improved", "pass", "inconclusive", "invalid"):
            counts = _rate(answers.verdicts.get(word, 0), GATES)
            rows.append({**name, "question": f"gates with verdict {word}", **counts})
    return rows


def arm_frame(pairs: Sequence[RealPair]) -> pd.DataFrame:
    """Return a row per arm of the real gates and clock: the measurements of its valid pairs.

    `added` is the candidate's added work, `mean` the measured difference with its 95% t interval
    over pairs, `spread` the standard deviation of the pairs' log ratios; all are fractions of the
    time. `seconds` is the mean time of a pair, including starts.
    """
    from scipy.stats import t

    arms: dict[Arm, list[RealPair]] = {}
    for row in pairs:
        if not row.reason:
            arms.setdefault(row.arm, []).append(row)
    rows = []
    for arm, arm_pairs in sorted(arms.items()):
        for clock in CLOCKS:
            values = log_ratios([row.pair for row in arm_pairs], clock)
            if len(values) < 2:
                continue
            spread = stdev(values)
            half = float(t.isf((1 - _CONFIDENCE) / 2, len(values) - 1)) * spread / sqrt(len(values))
            rows.append(
                {
                    "backend": arm.backend,
                    "condition": arm.condition,
                    "added": arm.work - 1,
                    "clock": clock,
                    "pairs": len(values),
                    "mean": exp(fmean(values)) - 1,
                    "low": exp(fmean(values) - half) - 1,
                    "high": exp(fmean(values) + half) - 1,
                    "spread": spread,
                    "seconds": fmean(row.seconds for row in arm_pairs),
                }
            )
    return pd.DataFrame(rows).round(_DECIMALS)


def _rate(count: int, n: int) -> Mapping[str, object]:
    from scipy.stats import binomtest

    interval = binomtest(count, n).proportion_ci(_CONFIDENCE, method="exact")
    return {"count": count, "n": n, "rate": count / n, "low": interval.low, "high": interval.high}
