"""Small images as files, and folders and archives of them: noise with one bright bar a class."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

FileContents = dict[str, bytes]


def image_bytes(
    seed: int, size: tuple[int, int] = (64, 64), kind: str = "JPEG", mode: str = "RGB"
) -> bytes:
    """Return one image file of `size` (width, height): equal for equal arguments."""
    width, height = size
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 200, (height, width, 3), dtype=np.uint8)
    pixels[(seed * 7) % height] = 255
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, kind)
    return buffer.getvalue()


def mask_bytes(seed: int, classes: int, size: tuple[int, int] = (64, 64), first: int = 0) -> bytes:
    """Return a grey PNG whose pixels are class numbers from `first`, in horizontal bands."""
    width, height = size
    bands = (np.arange(height) * classes // height + seed) % classes + first
    pixels = np.repeat(bands[:, None], width, axis=1).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels, "L").save(buffer, "PNG")
    return buffer.getvalue()


def folder_of_images(
    names: Iterable[str], size: tuple[int, int] = (64, 64), kind: str = "JPEG"
) -> FileContents:
    """Return an image for each path in `names`, each with a seed of its own."""
    return {name: image_bytes(seed, size, kind) for seed, name in enumerate(names)}


def write_files(folder: Path, files: FileContents) -> None:
    """Write `files` below `folder`."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def write_zip(path: Path, files: FileContents) -> None:
    """Write `files` as a zip archive."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def write_tar(path: Path, files: FileContents) -> None:
    """Write `files` as a tar archive, compressed if its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tar_bytes(files, compressed=path.suffix != ".tar"))


def tar_bytes(files: FileContents, *, compressed: bool) -> bytes:
    """Return `files` as the bytes of a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    content = buffer.getvalue()
    return gzip.compress(content, mtime=0) if compressed else content
