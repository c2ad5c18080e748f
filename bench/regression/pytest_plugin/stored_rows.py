"""One row of the gate: an expected cell with its newest records on this machine."""

from collections.abc import Sequence

import msgspec

from bench.core.cell import Cell
from bench.core.headline import headline_of, missing_headline
from bench.core.record import Record
from bench.storage.store import latest_records
from models.table import WORKLOADS


class StoredRow(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that the suite expects.

    `records` are its newest, one per repetition, all with one digest. `problem` is a phrase that
    explains why the row cannot be judged, or None.
    """

    cell: Cell
    records: tuple[Record, ...]
    problem: str | None

    @property
    def samples_seconds(self) -> tuple[float, ...]:
        """The training seconds of every epoch but the warm-ups, repetition after repetition."""
        return _samples(self.records)

    @property
    def accuracy_floor(self) -> float | None:
        """The headline value that the last epoch must reach, or None.

        It is None for a user's workload and for a dataset that the table does not name. A cell with
        too few epochs to learn fails its floor and is not suitable for a gate.
        """
        workload = WORKLOADS.get(self.cell.workload)
        return None if workload is None else workload.floor.get(self.cell.dataset)

    def accuracy_defects(self) -> list[str]:
        """Return a sentence per repetition whose headline is worse than the floor or missing."""
        workload = WORKLOADS.get(self.cell.workload)
        floor = self.accuracy_floor
        if workload is None or floor is None:
            return []
        defects = []
        for record in self.records:
            where = f"{self.cell.id}, repetition {record.repetition} (run {record.run_id})"
            if defect := _defect(record, workload.floor_metric, floor):
                defects.append(f"{where} {defect}; its floor is {floor}.")
        return defects

    def extra_info(self) -> dict[str, object]:
        """Return the facts saved with a row, as JSON values; `saved_baseline` compares some.

        Versions, dataset and environment are those of the newest record; all records of the row
        share them, because the digest covers them. {} without a record.
        """
        if not self.records:
            return {}
        newest = self.records[-1]
        headline = headline_of(newest.result) if newest.result else None
        return {
            "cell_id": self.cell.id,
            "digest": newest.digest,
            "run_ids": [record.run_id for record in self.records],
            "backend": self.cell.backend,
            "versions": dict(newest.versions),
            "environment": dict(newest.environment),
            "machine_id": newest.machine_id,
            "protocol_version": newest.protocol_version,
            "dataset_official": newest.dataset.official,
            "dataset_fingerprint": newest.dataset.fingerprint,
            "final_val_accuracy": _final_accuracies(self.records),
            "headline_metric": headline.metric if headline else None,
            "headline_mode": headline.mode if headline else None,
            "final_headline": _final_headlines(self.records),
            "n": len(self.samples_seconds),
        }


def make_rows(cells: Sequence[Cell], records: Sequence[Record], machine_id: str) -> list[StoredRow]:
    """Return a row for every cell, in order, including cells without a usable record.

    Instrumented launches are left out, because instrumentation changes their times.
    """
    plain = [record for record in records if not record.instrumented]
    latest = latest_records(plain, machine_id)
    rows = []
    for cell in cells:
        cell_records = tuple(record for record in latest if record.cell == cell)
        elsewhere = any(record.cell == cell for record in plain)
        if cell_records:
            problem = _problem(cell_records)
        else:
            problem = _absence(machine_id, elsewhere=elsewhere)
        rows.append(StoredRow(cell=cell, records=cell_records, problem=problem))
    return rows


def _absence(machine_id: str, *, elsewhere: bool) -> str:
    others = "; the store has only records of other machines" if elsewhere else ""
    return f"no record of it on this machine ({machine_id}){others}"


def _problem(records: Sequence[Record]) -> str | None:
    failed = [
        f"repetition {record.repetition} of run {record.run_id} failed: {record.reason}"
        for record in records
        if record.status == "failed"
    ]
    if failed:
        return "; ".join(failed)
    if any(record.result and record.result.phases for record in records):
        return "its launches have phases, which this gate cannot judge"
    return None if _samples(records) else "all epochs of its records are warm-up"


def _samples(records: Sequence[Record]) -> tuple[float, ...]:
    results = [record.result for record in records if record.result is not None]
    return tuple(epoch.train_seconds for result in results for epoch in result.steady_epochs)


def _defect(record: Record, metric: str, floor: float) -> str | None:
    """Return, as a phrase, why a record does not reach the floor of its headline, or None."""
    headline = headline_of(record.result) if record.result else None
    if record.result is None or headline is None or headline.metric != metric:
        return f"has no {metric}"
    value = headline.final(record.result)
    if value is None:
        return f"cannot be judged: {missing_headline(record.result)}"
    return f"ends at {metric} {value:.6g}" if headline.is_better(floor, value) else None


def _final_headlines(records: Sequence[Record]) -> list[float | None]:
    """Return each record's headline value of the last epoch, None where there is none."""
    results = [record.result for record in records]
    headlines = [headline_of(result) if result else None for result in results]
    return [
        headline.final(result) if headline and result else None
        for headline, result in zip(headlines, results, strict=True)
    ]


def _final_accuracies(records: Sequence[Record]) -> list[float | None]:
    """Return each record's val_accuracy of the last epoch, None where there is none."""
    return [
        record.result.epochs[-1].val_accuracy if record.result and record.result.epochs else None
        for record in records
    ]
