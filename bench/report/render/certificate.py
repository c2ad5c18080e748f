"""A certificate as files and as a table on a terminal."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pandas as pd
from rich.table import Table
from rich.text import Text

from bench.core.text import sanitize_line
from bench.parity.certificate import Certificate
from bench.parity.quantity import ComparedQuantity
from bench.report.files import write_csv, write_text
from bench.storage.store import StoreError


def write_certificate(
    folder: Path, certificate: Certificate, quantities: Sequence[ComparedQuantity]
) -> Path:
    """Write certificate.json and quantities.csv; return the path of certificate.json.

    Raise StoreError if they cannot be written.
    """
    path = folder / "certificate.json"
    text = msgspec.json.format(msgspec.json.encode(certificate), indent=2).decode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_csv(folder / "quantities.csv", quantity_frame(quantities))
        write_text(path, f"{text}\n")
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error
    return path


def quantity_frame(quantities: Sequence[ComparedQuantity]) -> pd.DataFrame:
    """Return one row per quantity and pair of backends; all numbers are root mean squares.

    `difference` is the difference of the two float64 results, `error_a` and `error_b` are the
    errors of the float32 results, and `part` is the largest of these as a fraction of the bound
    `allowed`.
    """
    return pd.DataFrame(
        {
            "backend_a": quantity.backends[0],
            "backend_b": quantity.backends[1],
            "stage": quantity.stage,
            "name": quantity.label,
            "size": quantity.size,
            "difference": quantity.function,
            "error_a": quantity.errors[0],
            "error_b": quantity.errors[1],
            "allowed": quantity.allowed,
            "part": quantity.bound_fraction,
            "same": quantity.same,
            "what": quantity.mismatch,
        }
        for quantity in quantities
    )


def certificate_table(certificate: Certificate) -> Table:
    """Return the table for a terminal, with one row per pair of backends."""
    title = f"{certificate.workload}: do the backends compute the same function?"
    table = Table(
        "backends",
        "parity",
        "quantities",
        "max fraction of bound",
        title=title,
        title_justify="left",
    )
    table.box = None
    for pair in certificate.pairs:
        fraction = "–" if pair.max_bound_fraction is None else f"{pair.max_bound_fraction:.0%}"
        cells = (" / ".join(pair.backends), pair.text, str(pair.quantities), fraction)
        style = "green" if pair.verdict == "certified" else "red"
        table.add_row(*(Text(sanitize_line(cell)) for cell in cells), style=style)
    return table
