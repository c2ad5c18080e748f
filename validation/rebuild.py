"""`python -m validation.rebuild`: write the published folders again from their raw rows."""

import argparse
import csv
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench.core.paths import CHECKOUT
from bench.core.record import decode_record
from bench.core.text import BenchError
from bench.parity.certificate import decode_certificates
from bench.profiling.report import Findings, write_findings
from bench.profiling.samples import read_samples
from bench.report.files import write_text
from bench.report.write import write_report
from validation.gate.report import write_proof
from validation.gate.store import SampleStore
from validation.gate.table import count_rows
from validation.overhead.pairs import CostPair
from validation.overhead.report import verdict_lines

#: The folders kept in the repository, each with the raw rows of its outputs.
PUBLISHED: Final = CHECKOUT / "reports" / "published"

#: Writes the outputs of the raw rows in the first folder into the second one.
Write = Callable[[Path, Path], None]


class RebuildError(BenchError, ValueError):
    """A published folder has no raw rows from which its outputs can be written."""


def published_folders(published: Path) -> list[Path]:
    """Return the folders below `published` that hold raw rows, sorted by their path."""
    return sorted({path.parent for name in _RAW for path in published.glob(f"**/{name}")})


def rebuild(folder: Path, *, check: bool = False) -> list[str]:
    """Write a published folder again from its raw rows; return the names of changed files.

    Subfolders with outputs, and all CSVs except raw rows, hold only outputs; files that are no
    longer written are removed there. With `check` nothing is changed. RebuildError if there are no
    raw rows; OSError if the folder cannot be written.
    """
    write = next((write for name, write in _RAW.items() if (folder / name).exists()), None)
    if write is None:
        raise RebuildError(f"{folder} holds none of {', '.join(_RAW)}.")
    with tempfile.TemporaryDirectory() as name:
        new = Path(name)
        write(folder, new)
        written = {path.relative_to(new) for path in new.rglob("*") if path.is_file()}
        changed = [path for path in written if not _equal(new / path, folder / path)]
        stale = [path for path in _outputs(folder, written) if path not in written]
        if not check:
            for path in changed:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(new / path, folder / path)
            for path in stale:
                (folder / path).unlink()
    return sorted([*map(str, changed), *(f"{path} (removed)" for path in stale)])


def _equal(new: Path, old: Path) -> bool:
    return old.is_file() and new.read_bytes() == old.read_bytes()


def _outputs(folder: Path, written: set[Path]) -> list[Path]:
    """Return the existing outputs, including those that a former version wrote."""
    folders = {path.parent for path in written} - {Path()}
    globs = ["*.csv", *(f"{each}/*" for each in folders)]
    paths = [path for glob in globs for path in folder.glob(glob)]
    raw = {name for name in _RAW if name.endswith(".csv")}
    return [path.relative_to(folder) for path in paths if path.name not in raw]


def _write_report(folder: Path, new: Path) -> None:
    paths = sorted((folder / "records").glob("*.json"))
    records = [decode_record(path.read_bytes(), str(path)) for path in paths]
    path = folder / "certificates.json"
    certificates = decode_certificates(path.read_bytes(), str(path))
    title = (folder / "report.md").read_text("utf-8").partition("\n")[0].removeprefix("# ")
    write_report(new, records, certificates, title=title)


def _write_layers(folder: Path, new: Path) -> None:
    write_findings(new, Findings(read_samples(folder)))


def _write_proof(folder: Path, new: Path) -> None:
    write_proof(new, *count_rows(SampleStore(folder)))


def _write_overhead(folder: Path, new: Path) -> None:
    """Write overhead.md with a new table; the text below it, with the provenance, stays."""
    with (folder / "overhead.csv").open(encoding="utf-8", newline="") as file:
        rows = [{name: text or None for name, text in row.items()} for row in csv.DictReader(file)]
    pairs = msgspec.convert(rows, list[CostPair], strict=False)
    title, table, *rest = (folder / "overhead.md").read_text("utf-8").split("\n\n")
    if not table.startswith("| "):
        raise RebuildError(f"{folder / 'overhead.md'} has no table below its title.")
    write_text(new / "overhead.md", "\n\n".join([title, "\n".join(verdict_lines(pairs)), *rest]))


#: The function that writes a folder, by the name of its raw rows.
_RAW: Final[dict[str, Write]] = {
    "records": _write_report,
    "samples.jsonl": _write_layers,
    "pairs.jsonl": _write_proof,
    "overhead.csv": _write_overhead,
}


def rebuild_command(words: Sequence[str] | None = None) -> int:
    """Rebuild the given folders, else all; print the changed files; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m validation.rebuild", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="default: all published folders")
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit with 1 if anything would change"
    )
    arguments = parser.parse_args(words)
    changes = 0
    for folder in arguments.folders or published_folders(PUBLISHED):
        try:
            changed = rebuild(folder, check=arguments.check)
        except (BenchError, OSError) as error:
            parser.exit(2, f"{folder}: {error}\n")
        print(f"{folder}: {', '.join(changed) or 'unchanged'}")
        changes += len(changed)
    return 1 if arguments.check and changes else 0


if __name__ == "__main__":
    raise SystemExit(rebuild_command())
