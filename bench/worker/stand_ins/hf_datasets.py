"""`datasets.load_dataset` from files of the folder: `NAME/SPLIT.jsonl`, a row in each line."""

from pathlib import Path
from typing import Any

from bench.worker.stand_ins.source import StandInError, StandInSource, note_use


def patch_hf_datasets(source: StandInSource, module: Any) -> None:
    """Let `load_dataset(NAME, [CONFIG])` read the folder's `NAME`, or `NAME/CONFIG`."""
    original = module.load_dataset

    def load_dataset(path: str, name: str | None = None, *, split: Any = None, **_: Any) -> Any:
        files = _files(source.folder, path, name)
        note_use(f"datasets.load_dataset({path})")
        return original("json", data_files=files, split=split)

    module.load_dataset = load_dataset


def _files(folder: Path, path: str, name: str | None) -> dict[str, str]:
    place = folder / path / (name or "")
    files = {file.stem: str(file) for file in sorted(place.glob("*.jsonl"))}
    if not files:
        raise StandInError(f"no stand-in for the dataset {path}: {place} holds no SPLIT.jsonl")
    return files
