"""How sure a median epoch is: its interval over launches."""

from typing import Final

import pandas as pd

from bench.report.render.format import RowKey, key_of_group
from bench.report.tables.columns import ROW_KEY
from bench.stats.median_ci import Interval, median_interval
from bench.stats.stability import CONFIDENCE

#: What tells one record of a backend in a row of the comparison from another.
RECORD_KEY: Final = ("run_id", "digest", "repetition")


def launch_intervals(epochs: pd.DataFrame) -> dict[tuple[RowKey, str], Interval]:
    """Return by row of the comparison and backend the interval of its launches' median epochs.

    `epochs` is the table of epochs.csv. Epochs of one process share its luck, so that the launch
    is what counts as one value; a backend with too few of them (under 6 at 95%) has no interval.
    """
    steady = epochs[epochs["warmup"].eq(False).fillna(False) & ~epochs["instrumented"]]
    launches = steady.groupby([*ROW_KEY, "backend", *RECORD_KEY], dropna=False)["train_seconds"]
    medians = launches.median().groupby([*ROW_KEY, "backend"], dropna=False)
    found = {
        (key_of_group(key[:-1]), str(key[-1])): median_interval(seconds.tolist(), CONFIDENCE)
        for key, seconds in medians
    }
    return {key: interval for key, interval in found.items() if interval is not None}
