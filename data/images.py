"""The dataset `images:FOLDER[@HEIGHTxWIDTH]`: a folder of pictures, one folder per class.

FOLDER/cat/1.png …, or FOLDER/train/cat/1.png … and FOLDER/test/cat/2.png …; without train/ and
test/, a fifth of each class is for validation.
"""

import hashlib
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from data.errors import BadOptionError, MissingSourceError, SourceUnreadableError, WrongArraysError
from data.source import Arrays, Source
from data.user_arrays import TEST_SHARE, user_path

ENDINGS: Final = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".webp"})
_SIZE: Final = re.compile(r"(.+)@(\d{1,5})x(\d{1,5})")
_MOST_SIDE: Final = 4096
_SPLIT_SEED: Final = 0

#: Height and width.
Size = tuple[int, int]
Files = dict[str, list[tuple[Path, int]]]


def images_source(text: str) -> Source:
    """Return the source of the folder in `text`.

    Raises BadOptionError, MissingSourceError, SourceUnreadableError or WrongArraysError.
    """
    folder, size = _parse(text)
    try:
        files, classes = _find(folder)
        facts = [
            f"{path.relative_to(folder)}\0{path.stat().st_size}\0{path.stat().st_mtime_ns}"
            for half in files.values()
            for path, _ in half
        ]
    except OSError as error:
        raise SourceUnreadableError(f"{folder} cannot be read ({error.strerror}).") from error
    digest = hashlib.sha256(f"{folder.resolve()}\0{size}\0".encode(errors="surrogateescape"))
    digest.update("\n".join(facts).encode(errors="surrogateescape"))
    return Source(
        name=f"images:{folder.resolve()}" + (f"@{size[0]}x{size[1]}" if size else ""),
        key=f"images-{digest.hexdigest()[:16]}",
        description=f"a user's pictures ({folder.name}: {', '.join(classes)})"[:500],
        official=False,
        classes=len(classes),
        read=lambda: _read(files, size),
    )


def _parse(text: str) -> tuple[Path, Size | None]:
    match = _SIZE.fullmatch(text)
    folder = user_path(match[1] if match else text)
    if not match:
        return folder, None
    size = int(match[2]), int(match[3])
    if not all(1 <= side <= _MOST_SIDE for side in size):
        raise BadOptionError(
            f"The size in images:{text} is not from 1x1 to {_MOST_SIDE}x{_MOST_SIDE}."
        )
    return folder, size


def _find(folder: Path) -> tuple[Files, list[str]]:
    """Return the pictures of both halves with their class ids, and the ordered class names."""
    if not folder.is_dir():
        raise MissingSourceError(f"{folder} is not a folder; images:FOLDER has a folder per class.")
    is_split = (folder / "train").is_dir() and (folder / "test").is_dir()
    halves = {half: _by_class(folder / half) for half in ("train", "test")} if is_split else {}
    if not is_split:
        halves = _split(_by_class(folder))
    classes = sorted(halves["train"])
    if sorted(halves["test"]) != classes:
        unmatched = min(set(halves["test"]) ^ set(classes))
        raise WrongArraysError(f"{folder}: the class {unmatched} is in only one of train and test.")
    if len(classes) < 2:
        raise WrongArraysError(
            f"{folder} has {len(classes)} folders with pictures ({', '.join(sorted(ENDINGS))}), "
            "where one per class, at least two, are expected."
        )
    ids = {name: index for index, name in enumerate(classes)}
    return {
        half: [(path, ids[name]) for name in classes for path in by_class[name]]
        for half, by_class in halves.items()
    }, classes


def _by_class(folder: Path) -> dict[str, list[Path]]:
    by_class = {
        entry.name: sorted(
            p
            for p in entry.iterdir()
            if p.suffix.lower() in ENDINGS and p.is_file() and not p.name.startswith(".")
        )
        for entry in folder.iterdir()
        if entry.is_dir() and not entry.name.startswith(".")
    }
    return {name: paths for name, paths in by_class.items() if paths}


def _split(by_class: Mapping[str, list[Path]]) -> dict[str, dict[str, list[Path]]]:
    halves: dict[str, dict[str, list[Path]]] = {"train": {}, "test": {}}
    random = np.random.RandomState(_SPLIT_SEED)
    for name in sorted(by_class):
        paths = by_class[name]
        order = random.permutation(len(paths))
        count = max(1, round(len(paths) * TEST_SHARE))
        if len(paths) < 2:
            raise WrongArraysError(f"The class {name} has one picture; to be split it needs two.")
        halves["test"][name] = [paths[i] for i in sorted(order[:count])]
        halves["train"][name] = [paths[i] for i in sorted(order[count:])]
    return halves


def _read(files: Files, size: Size | None) -> Arrays:
    """Return uint8 images (n, height, width, 3) and int64 class ids (n,) of both halves."""
    arrays: Arrays = {}
    first: Size | None = None
    for half, pictures in files.items():
        images = None
        for index, (path, _) in enumerate(pictures):
            image = read_picture(path, size)
            first = first or (image.shape[0], image.shape[1])
            if image.shape[:2] != first:
                raise WrongArraysError(
                    f"{path} is {image.shape[0]}x{image.shape[1]}, not {first[0]}x{first[1]} like "
                    f"the first one; images:FOLDER@{first[0]}x{first[1]} scales all to one size."
                )
            if images is None:
                images = np.empty((len(pictures), *first, 3), np.uint8)
            images[index] = image
        assert images is not None  # each class has a picture in each half
        arrays |= {f"x_{half}": images, f"y_{half}": np.array([c for _, c in pictures], np.int64)}
    return arrays


def read_picture(path: Path, size: Size | None) -> npt.NDArray[np.uint8]:
    """Return a picture as uint8 (height, width, 3), scaled to `size` if given.

    Raises SourceUnreadableError.
    """
    # Only here: Keras imports Pillow where it is installed, and needs none of it to train.
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError as error:
        raise SourceUnreadableError(
            f"{path} cannot be read without Pillow; pip install pillow."
        ) from error
    try:
        with Image.open(path) as image:
            colours = ImageOps.exif_transpose(image).convert("RGB")  # as its camera was held
            if size:
                colours = colours.resize((size[1], size[0]), Image.Resampling.BILINEAR)
            return np.asarray(colours, np.uint8)
    except (
        OSError,
        ValueError,
        SyntaxError,
        UnidentifiedImageError,
        Image.DecompressionBombError,
        struct.error,  # of Exif that is cut off
    ) as error:
        raise SourceUnreadableError(f"{path} is no picture that can be read ({error}).") from error
