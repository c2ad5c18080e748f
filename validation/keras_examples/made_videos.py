"""Small videos as AVI files of JPEG frames, and the archives of UCF101 that an example expects."""

import struct

import numpy as np

from validation.keras_examples.made_images import FileContents, image_bytes
from validation.keras_examples.made_tables import array_file

_CLASSES = ("CricketShot", "PlayingCello", "Punch", "ShavingBeard", "TennisSwing")


def video(seed: int, frames: int = 24, size: tuple[int, int] = (160, 120)) -> bytes:
    """Return an AVI file of Motion JPEG at ten frames a second."""
    pictures = [image_bytes(seed * 100 + n, size) for n in range(frames)]
    width, height = size
    most = max(map(len, pictures))
    header = struct.pack(
        "<14I", 100_000, most * 10, 0, 0x10, frames, 0, 1, most, width, height, 0, 0, 0, 0
    )
    stream = b"vidsMJPG" + struct.pack(
        "<IHHIIIIIIII4H", 0, 0, 0, 0, 1, 10, 0, frames, most, 0xFFFFFFFF, 0, 0, 0, width, height
    )
    shape = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", most, 0, 0, 0, 0)
    strl = _list(b"strl", _chunk(b"strh", stream) + _chunk(b"strf", shape))
    movie, index = b"", b""
    for picture in pictures:
        index += b"00dc" + struct.pack("<III", 0x10, 4 + len(movie), len(picture))
        movie += _chunk(b"00dc", picture)
    body = _list(b"hdrl", _chunk(b"avih", header) + strl) + _list(b"movi", movie)
    content = b"AVI " + body + _chunk(b"idx1", index)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _list(name: bytes, content: bytes) -> bytes:
    return _chunk(b"LIST", name + content)


def sports() -> FileContents:
    """Return UCF101's archive: two tables, and a video of each class for training and for test."""
    files = {}
    for part in ("train", "test"):
        rows = ["video_name,tag"]
        for number, name in enumerate(_CLASSES):
            file = f"v_{name}_g01_c01.avi"
            files[f"{part}/{file}"] = video(number)
            rows.append(f"{file},{name}")
        files[f"{part}.csv"] = ("\n".join(rows) + "\n").encode()
    return files


def sports_features() -> FileContents:
    """Return the features that the example's author prepared: 20 frames of 1,024 numbers."""
    rng = np.random.default_rng(0)
    files = {}
    for part, count in (("train", 20), ("test", 10)):
        features = rng.random((count, 20, 1024), dtype=np.float32)
        files[f"{part}_data.npy"] = array_file(features)
        files[f"{part}_labels.npy"] = array_file((np.arange(count) % 5)[:, None])
    return files
