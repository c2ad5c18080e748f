"""Parquet beside CSV, for tools that read it; needs pyarrow, which nothing else here does."""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from bench.report.files import replacing


class ParquetError(Exception):
    """Parquet is asked for and pyarrow is not installed."""


def check_parquet() -> None:
    """Raise ParquetError when Parquet cannot be written here.

    The environments of the backends lack pyarrow on purpose: pandas 3.1 imports it wherever it is
    installed, and Keras imports pandas. It would add about 0.1 s, 40 MB and a thread to a worker.
    """
    if find_spec("pyarrow") is None:
        raise ParquetError(
            "Parquet needs pyarrow, which the environments of the backends must not hold: "
            "use `tox -e parquet`."
        )


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write the table as Parquet; columns of mixed types become text. OSError if it cannot."""
    mixed = frame.select_dtypes(include=["object"])
    texts = {str(name): mixed[name].map(str, na_action="ignore").astype("string") for name in mixed}
    with replacing(path) as temporary:
        frame.assign(**texts).to_parquet(temporary, engine="pyarrow", index=False)
