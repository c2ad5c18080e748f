"""parity.csv: the certificates of the workloads in a report."""

from collections.abc import Collection, Sequence
from typing import Final

import pandas as pd

from bench.parity.certificate import Certificate
from bench.report.tables.columns import ROW_COLUMNS, Column, make_frame

PARITY_COLUMNS: Final = (
    next(column for column in ROW_COLUMNS if column.name == "workload"),
    Column("backend_a", "string", "one backend of a certificate"),
    Column("backend_b", "string", "the other backend"),
    Column("parity", "string", "`certified`, `differs: …` or `not certified`, by `certify`"),
    Column("quantities", "Int64", "outputs, gradients, updates and losses that were compared"),
    Column(
        "max_bound_fraction",
        "Float64",
        "largest fraction of its bound that any of these quantities reached",
    ),
    Column("images", "string", "the dataset whose images were used"),
    Column("weights_seed", "Int64", "seed of the weights"),
    Column("training_steps", "Int64", "steps of the trajectory"),
    Column("made_at", "string", "when it was certified, UTC, ISO 8601"),
)


def certificates_of(
    subjects: Collection[str], certificates: Sequence[Certificate]
) -> list[Certificate]:
    """Return the certificates that cover at least two of the subjects, oldest first.

    Subjects are given by their sha256. Of several certificates of equal subjects the newest counts.
    """
    newest = {}
    for certificate in sorted(certificates, key=lambda each: each.made_at):
        covered = frozenset(subject.sha256 for subject in certificate.subjects)
        if len(covered & set(subjects)) > 1:
            newest[covered] = certificate
    return sorted(newest.values(), key=lambda each: (each.made_at, each.workload))


def parity_frame(certificates: Sequence[Certificate]) -> pd.DataFrame:
    """Return one row per certificate and pair of its backends."""
    rows = [
        {
            "workload": certificate.workload,
            "backend_a": pair.backends[0],
            "backend_b": pair.backends[1],
            "parity": pair.text,
            "quantities": pair.quantities,
            "max_bound_fraction": pair.max_bound_fraction,
            "images": certificate.dataset,
            "weights_seed": certificate.seed,
            "training_steps": certificate.steps,
            "made_at": certificate.made_at,
        }
        for certificate in certificates
        for pair in certificate.pairs
    ]
    return make_frame(rows, PARITY_COLUMNS)
