"""rounds.csv and ratios.csv: the launches of races, and the ratios of each pair."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Final, NamedTuple

import pandas as pd

from bench.core.cell import BACKENDS
from bench.core.record import Record
from bench.parity.certificate import Certificate, parity
from bench.report.tables.cells import CELLS_COLUMNS, cells_frame
from bench.report.tables.columns import (
    LAUNCH_ORDER,
    ROW_COLUMNS,
    ROW_KEY,
    ROW_ORDER,
    Column,
    disagreements,
    make_frame,
    names,
)
from bench.stats.stability import CALIBRATION_BOUND, RatioVerdict, judge_ratio, race_drift
from bench.storage.sessions import minute, number_ranges

_RUN: Final = Column("run_id", "string", "the run that made the record")
_OF_A_LAUNCH: Final = (
    *("race_round", "race_position", "race_session", "backend", "instrumented", "status"),
    *("epoch_seconds_median", "epoch_seconds_n", "step_seconds_median", "latency_p50_seconds"),
    *("compared", "phase_seconds"),
    *("gemm_before_seconds", "gemm_after_seconds", "gemm_seconds"),
    *("copy_before_seconds", "copy_after_seconds", "copy_seconds"),
)
_QUANTITIES: Final = {
    "fit": {"epoch": "epoch_seconds_median", "steps": "step_seconds_median"},
    "evaluate": {"epoch": "epoch_seconds_median"},
    "predict": {"epoch": "epoch_seconds_median", "latency": "latency_p50_seconds"},
}
_OF_A_PHASE: Final = {"phase": "phase_seconds"}
_DECLARED: Final = {column.name: column for column in CELLS_COLUMNS}

#: The columns have the same meaning as in cells.csv.
ROUNDS_COLUMNS: Final = (_RUN, *ROW_COLUMNS, *(_DECLARED[name] for name in _OF_A_LAUNCH))

_DRIFT: Final = (
    "larger of: 90th / 10th percentile of the rounds' median {}_seconds, - 1; and largest / "
    "smallest of the contenders', - 1"
)

RATIOS_COLUMNS: Final = (
    _RUN,
    *ROW_COLUMNS,
    Column(
        "kind",
        "string",
        "`backends`, or `instrumented`: an instrumented launch compared with a plain one",
    ),
    Column("numerator", "string", "the contender that is slower if the ratio is above 1"),
    Column("denominator", "string", "the contender with which it is compared"),
    Column(
        "quantity",
        "string",
        "`epoch`: epoch_seconds_median, `steps`: step_seconds_median, of predictions "
        "`latency`: latency_p50_seconds, of a phase without a second epoch `phase`: phase_seconds",
    ),
    Column("parity", "string", "`certified`, `differs: …` or `not certified`, by `certify`"),
    Column(
        "status",
        "string",
        "`ok`, `unstable`, `too few rounds` or `mismatched`; only `ok` has a ratio",
    ),
    Column("mismatched", "string", "fields in which the two differ although they must agree"),
    Column("rounds", "Int64", "number of rounds in which both have a time"),
    Column("rounds_failed", "Int64", "rounds in which only one of them has a time"),
    Column("ratio", "Float64", "exp of the median over rounds of log(numerator's / denominator's)"),
    Column("ratio_low", "Float64", "lower end of its interval"),
    Column("ratio_high", "Float64", "upper end of its interval"),
    Column("confidence", "Float64", "confidence level of the interval"),
    Column("gemm_drift", "Float64", _DRIFT.format("gemm")),
    Column("copy_drift", "Float64", _DRIFT.format("copy")),
    Column("drift_bound", "Float64", "a race with a larger drift is `unstable`"),
    Column(
        "sessions",
        "Int64",
        "number of sessions in which the race was measured; above 1 if it was resumed",
    ),
    Column("session_rounds", "string", "rounds and date of each session, if there are several"),
)


class _Pair(NamedTuple):
    """Two contenders of a race: their names and their rows of cells.csv."""

    kind: str
    numerator: str
    denominator: str
    above: pd.DataFrame
    below: pd.DataFrame


def rounds_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Return one row per launch of a race, in the order of the rounds, including failed ones."""
    return rounds_of(cells_frame(records))


def ratios_frame(
    records: Sequence[Record], certificates: Sequence[Certificate] = ()
) -> pd.DataFrame:
    """Return one row per race, pair of contenders and quantity (epoch, steps, …).

    A race consists of the records of one run that are in one row of the comparison and have a place
    in a race. Its pairs are the pairs of backends, and each backend's instrumented launches against
    its plain ones. There is no ratio if the calibration of the race drifted too far, or if the pair
    disagrees in a field of MUST_AGREE; see `bench.stats.stability`.
    """
    return ratios_of(cells_frame(records), certificates)


def rounds_of(cells: pd.DataFrame) -> pd.DataFrame:
    """Return `rounds_frame`, from the table `cells` of the records."""
    order = ["run_id", *ROW_ORDER, "race_round", "race_position"]
    launches = cells[cells["race_round"].notna()].sort_values(order, kind="stable")
    return launches[names(ROUNDS_COLUMNS)].reset_index(drop=True)


def ratios_of(cells: pd.DataFrame, certificates: Sequence[Certificate]) -> pd.DataFrame:
    """Return `ratios_frame`, from the table `cells` of the records."""
    rows: list[dict[str, object]] = []
    for race in _races(cells[cells["race_round"].notna()]):
        facts = {name: race[name].iloc[0] for name in ("run_id", *ROW_KEY)}
        drifts = race_drifts(race)
        facts |= _sessions(race)
        for pair in _pairs(race):
            of_pair = {**facts, **drifts, "parity": _parity(pair, certificates)}
            rows += [{**of_pair, **ratio} for ratio in _ratios(pair, drifts)]
    return make_frame(rows, RATIOS_COLUMNS)


def _races(raced: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the launches of each race, the phases of a launch in the order in which they ran."""
    launch = raced.groupby(["run_id", *LAUNCH_ORDER], dropna=False).ngroup()
    by_row = raced.groupby(["run_id", *ROW_ORDER], dropna=False)
    place = by_row["phase_number"].transform("max")
    ordered = raced.assign(_launch=launch, _place=place, _row=by_row.ngroup())
    groups = ordered.groupby(["_launch", "_place", "_row"], dropna=False)
    return [race for _, race in groups]


def _sessions(race: pd.DataFrame) -> dict[str, object]:
    """Return the columns of RATIOS_COLUMNS on the race's sessions that have launches.

    Rounds are numbered from 1.
    """
    sessions = dict(iter(race.groupby("race_session")))
    texts = []
    for launches in sessions.values():
        numbers = sorted(set(launches["race_round"].tolist()))
        rounds = f"round{'' if len(numbers) == 1 else 's'} {number_ranges(numbers)}"
        texts.append(f"{rounds} on {minute(launches['started_at'].min())}")
    several = f"{'; '.join(texts)} (UTC)" if len(texts) > 1 else None
    return {"sessions": len(texts), "session_rounds": several}


def race_drifts(race: pd.DataFrame) -> dict[str, float | None]:
    """Return the columns of RATIOS_COLUMNS on the drift of the race's calibration."""
    contenders = race["backend"] + race["instrumented"].map({True: " instrumented", False: ""})
    drifts = {}
    for kernel in ("gemm", "copy"):
        known = race[f"{kernel}_seconds"].notna()
        columns = (race["race_round"], contenders, race[f"{kernel}_seconds"])
        launches = list(zip(*(column[known].tolist() for column in columns), strict=True))
        drifts[f"{kernel}_drift"] = race_drift(launches)
    return drifts


def _pairs(race: pd.DataFrame) -> Iterator[_Pair]:
    """Yield the pairs of backends, then the pair of each backend that also ran instrumented."""
    plain = dict(iter(race[~race["instrumented"]].groupby("backend")))
    slow = dict(iter(race[race["instrumented"]].groupby("backend")))
    for above, below in combinations([backend for backend in BACKENDS if backend in plain], 2):
        yield _Pair("backends", above, below, plain[above], plain[below])
    for backend in [backend for backend in BACKENDS if backend in plain and backend in slow]:
        name = f"{backend} instrumented"
        yield _Pair("instrumented", name, backend, slow[backend], plain[backend])


def _ratios(pair: _Pair, drifts: Mapping[str, float | None]) -> Iterator[dict[str, object]]:
    """Yield the columns of RATIOS_COLUMNS from `kind` on, except the drifts, by quantity."""
    launches = pd.concat([pair.above, pair.below])
    mismatched = ", ".join(disagreements(launches[launches["status"].eq("ok")]))
    by_phase = launches["compared"].eq("phase").any()
    quantities = _OF_A_PHASE if by_phase else _QUANTITIES[launches["task"].iloc[0]]
    for quantity, column in quantities.items():
        seconds = [_by_round(side, column) for side in (pair.above, pair.below)]
        verdict = judge_ratio(seconds[0], seconds[1], list(drifts.values()))
        yield {
            **{"kind": pair.kind, "numerator": pair.numerator, "denominator": pair.denominator},
            "quantity": quantity,
            "status": "mismatched" if mismatched else verdict.status,
            "mismatched": mismatched or None,
            "rounds": verdict.rounds,
            "rounds_failed": verdict.rounds_failed,
            **({} if mismatched else _interval(verdict)),
            "drift_bound": CALIBRATION_BOUND,
        }


def _parity(pair: _Pair, certificates: Sequence[Certificate]) -> str | None:
    """Return the certified parity of a pair; None for one backend's launches or without result."""
    above, below = (side["function_sha256"].dropna().unique() for side in (pair.above, pair.below))
    if pair.kind != "backends" or len(above) == 0 or len(below) == 0:
        return None
    verdicts = {parity(certificates, subjects) for subjects in product(above, below)}
    return "certified" if verdicts == {"certified"} else min(verdicts - {"certified"})


def _interval(verdict: RatioVerdict) -> dict[str, object]:
    if verdict.ratio is None:
        return {}
    median, low, high, confidence = verdict.ratio
    return {"ratio": median, "ratio_low": low, "ratio_high": high, "confidence": confidence}


def _by_round(launches: pd.DataFrame, column: str) -> dict[int, float | None]:
    """Return the seconds of each round, None if the launch has no time."""
    numbers, seconds = launches["race_round"].tolist(), launches[column].tolist()
    return {n: None if pd.isna(s) else s for n, s in zip(numbers, seconds, strict=True)}
