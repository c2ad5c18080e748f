"""`python -m validation.report_scale`: time and memory of the report on a large store."""

import argparse
import hashlib
import resource
from collections.abc import Iterator, Sequence
from itertools import cycle, islice, product
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, NamedTuple

from msgspec.structs import replace

from bench.core.paths import CHECKOUT
from bench.core.record import Record, encode_record
from bench.core.result import Epoch
from bench.report.write import write_report
from bench.storage.store import Store

MOST_SECONDS: Final = 60.0
_MOST_BYTES: Final = 2_000_000_000

_RUN_ID: Final = "20260101T000000Z-0000"
#: Real records, so that synthetic records have realistic sizes.
_TEMPLATES: Final = CHECKOUT / "reports" / "published" / "lab-cifar10"
_BATCH_SIZES: Final = (16, 32, 64, 128)
_SEEDS: Final = range(50)


class Scale(NamedTuple):
    """Time and memory of a report; `peak_bytes` is the largest resident set of the process."""

    read_seconds: float
    write_seconds: float
    peak_bytes: int

    def __str__(self) -> str:
        """Return the numbers with their targets."""
        seconds = self.read_seconds + self.write_seconds
        met = seconds < MOST_SECONDS and self.peak_bytes < _MOST_BYTES
        return (
            f"{self.read_seconds:.1f} s to read, {self.write_seconds:.1f} s to write, "
            f"{self.peak_bytes / 1e9:.2f} GB; target: {MOST_SECONDS:.0f} s together, "
            f"{_MOST_BYTES / 1e9:.0f} GB: {'met' if met else 'missed'}"
        )


def _main(arguments: Sequence[str] | None = None) -> None:
    """Make a store of synthetic records, write its report, and print the time and memory."""
    parser = argparse.ArgumentParser(
        prog="python -m validation.report_scale", description=_main.__doc__
    )
    parser.add_argument("--records", type=int, default=10_000, metavar="N")
    parser.add_argument("--epochs", type=int, default=100, metavar="N", help="of each record")
    parsed = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        store = make_store(Path(folder), parsed.records, parsed.epochs)
        print(f"{parsed.records:,} records, {parsed.records * parsed.epochs:,} epochs")
        print(measure_report(store))


def make_store(reports: Path, records: int, epochs: int) -> Store:
    """Return a deterministic store in `reports` with one run of `records` synthetic records."""
    store = Store(reports)
    folder = store.run_folder(_RUN_ID) / "records"
    folder.mkdir(parents=True)
    for number, record in enumerate(islice(_synthetic(epochs), records)):
        (folder / f"{number}.json").write_bytes(encode_record(record))
    return store


def measure_report(store: Store) -> Scale:
    """Return the time and memory to read the store's records and write their report."""
    begin = perf_counter()
    records = store.load_all()
    read = perf_counter()
    write_report(store.reports / "latest", records, title="Scale")
    end = perf_counter()
    # In KiB on Linux.
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Scale(read - begin, end - read, peak_bytes)


def _synthetic(epochs: int) -> Iterator[Record]:
    """Yield records endlessly: cells of every batch size and seed, then their repetitions."""
    random = Random(0)
    cells = list(product(_BATCH_SIZES, _SEEDS, Store(_TEMPLATES).load_folder(_TEMPLATES)))
    for number, (batch_size, seed, template) in enumerate(cycle(cells)):
        cell = replace(template.cell, batch_size=batch_size, seed=seed, epochs=epochs)
        result = template.result
        if result is not None:
            result = replace(result, epochs=_epochs(result.epochs, epochs, random))
        yield replace(
            template,
            cell=cell,
            digest=hashlib.sha256(cell.id.encode()).hexdigest(),
            repetition=number // len(cells),
            run_id=_RUN_ID,
            result=result,
        )


def _epochs(templates: Sequence[Epoch], epochs: int, random: Random) -> tuple[Epoch, ...]:
    return tuple(
        replace(
            templates[min(index, len(templates) - 1)],
            index=index,
            train_seconds=templates[-1].train_seconds * random.lognormvariate(0, 0.05),
            logs={**templates[-1].logs, "val_accuracy": random.uniform(0.6, 0.7)},
        )
        for index in range(epochs)
    )


if __name__ == "__main__":
    _main()
