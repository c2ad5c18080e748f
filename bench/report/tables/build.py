"""All tables of one report, each computed once."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from bench.core.record import Record
from bench.parity.certificate import Certificate
from bench.report.tables.cells import cells_frame
from bench.report.tables.columns import ROW_KEY, sorted_records
from bench.report.tables.comparison import comparison_of
from bench.report.tables.epochs import epochs_frame, steps_frame
from bench.report.tables.logs import metrics_frame
from bench.report.tables.parity import certificates_of, parity_frame
from bench.report.tables.phase_records import is_first
from bench.report.tables.provenance import provenance_frame
from bench.report.tables.ratios import ratios_of, rounds_of


class Tables(NamedTuple):
    """The records in their fixed order, and their tables, named after the files."""

    records: list[Record]
    certificates: list[Certificate]
    epochs: pd.DataFrame
    cells: pd.DataFrame
    comparison: pd.DataFrame
    rounds: pd.DataFrame
    ratios: pd.DataFrame
    provenance: pd.DataFrame
    steps: pd.DataFrame
    metrics: pd.DataFrame
    parity: pd.DataFrame

    @property
    def launches(self) -> list[Record]:
        """The records without further phases of the same launch."""
        return [record for record in self.records if is_first(record)]


def make_tables(records: Sequence[Record], certificates: Sequence[Certificate] = ()) -> Tables:
    """Return the tables of `records`, and of the certificates of the functions that they trained.

    The tables depend only on the arguments, not on their order.
    """
    records = sorted_records(records)
    epochs, cells = epochs_frame(records), cells_frame(records)
    relevant = certificates_of(set(cells["function_sha256"].dropna()), certificates)
    return Tables(
        records=records,
        certificates=relevant,
        epochs=epochs,
        cells=cells,
        comparison=comparison_of(cells, epochs),
        rounds=rounds_of(cells),
        ratios=ratios_of(cells, relevant),
        provenance=provenance_frame(records),
        steps=steps_frame(records),
        metrics=metrics_frame(records),
        parity=parity_frame(relevant),
    )


def first_rows(tables: Tables, most: int) -> Tables:
    """Return the tables of only the records in the first `most` rows of the comparison.

    Pages and charts of a large store are made from these, so their cost is limited.
    """
    if len(tables.comparison) <= most:
        return tables
    rows = tables.comparison[list(ROW_KEY)].head(most)
    merged = tables.cells[list(ROW_KEY)].merge(rows, how="left", indicator=True)
    kept = zip(tables.records, merged["_merge"] == "both", strict=True)
    return make_tables([record for record, is_kept in kept if is_kept], tables.certificates)
