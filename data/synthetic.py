"""Synthetic datasets: seeded images whose class can be learned, of any shape, count and size."""

import math
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data.errors import BadOptionError
from data.source import Arrays, Source

_RANGES: Final = {
    "classes": (2, 100_000),
    "train": (1, 100_000_000),
    "test": (1, 100_000_000),
    "seed": (0, 2**32 - 1),
}
_MAX_AXES: Final = 4
_MAX_BYTES: Final = 4 * 2**30
_IMAGES_PER_CHUNK: Final = 1024
#: Pattern and noise each stay below this, so that their sum fits into uint8.
_HALF: Final = 128
#: The number of blocks of a pattern per axis; convolutions learn coarse shapes sooner.
_BLOCKS: Final = 4


@dataclass(frozen=True)
class SyntheticSpec:
    """The parameters: shape of one image, class count, numbers of images, and seed."""

    shape: tuple[int, ...] = (32, 32, 3)
    classes: int = 10
    train: int = 2048
    test: int = 512
    seed: int = 0

    @property
    def name(self) -> str:
        """The full name, the same for every spelling of one spec."""
        shape = "x".join(map(str, self.shape))
        return (
            f"synthetic:shape={shape},classes={self.classes},"
            f"train={self.train},test={self.test},seed={self.seed}"
        )


def parse_options(options: str) -> SyntheticSpec:
    """Return the spec of `shape=32x32x3,classes=10,...`, any subset of keys in any order.

    Raises BadOptionError for an unknown or repeated key, a value out of range, or a total size
    above 4 GiB.
    """
    values: dict[str, Any] = {}
    for option in options.split(","):
        key, _, text = option.strip().partition("=")
        if key in values:
            raise BadOptionError(f"The synthetic dataset's option {key!r} is given twice.")
        if key == "shape":
            values[key] = tuple(_whole(key, part, 1, 65_536) for part in text.split("x"))
        elif key in _RANGES:
            values[key] = _whole(key, text, *_RANGES[key])
        else:
            raise BadOptionError(
                f"The synthetic dataset has no option {key!r}; "
                f"the allowed ones are shape, {', '.join(_RANGES)}."
            )
    spec = replace(SyntheticSpec(), **values)
    _check_size(spec)
    return spec


def synthetic_source(spec: SyntheticSpec) -> Source:
    """Return the source of `spec`; its `read` gives the same bytes for the same spec everywhere."""
    shape = "x".join(map(str, spec.shape))
    return Source(
        name=spec.name,
        key=f"synthetic-{shape}-c{spec.classes}-n{spec.train}-{spec.test}-s{spec.seed}",
        description=f"generated: {spec.name}",
        official=True,
        classes=spec.classes,
        read=lambda: generate_synthetic(spec),
    )


def generate_synthetic(spec: SyntheticSpec) -> Arrays:
    """Return uint8 images (n, *shape) with values 0 to 254 and int64 labels (n,), classes balanced.

    An image is its class's coarse pattern plus uniform noise of the same strength.
    """
    # RandomState, because NumPy froze its stream for good; Generator's may change (NEP 19).
    random = np.random.RandomState(spec.seed)
    patterns = _patterns(spec, random)
    x_train, y_train = _images(spec.train, patterns, random)
    x_test, y_test = _images(spec.test, patterns, random)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def _patterns(spec: SyntheticSpec, random: np.random.RandomState) -> npt.NDArray[np.uint8]:
    coarse = tuple(min(_BLOCKS, length) for length in spec.shape)
    patterns = random.randint(0, _HALF, (spec.classes, *coarse), dtype=np.uint8)
    for axis, length in enumerate(spec.shape, start=1):
        blocks = np.arange(length) * patterns.shape[axis] // length
        patterns = patterns.take(blocks, axis=axis)
    return patterns


def _images(
    count: int, patterns: npt.NDArray[np.uint8], random: np.random.RandomState
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    labels = random.permutation(np.arange(count, dtype=np.int64) % len(patterns))
    images = np.empty((count, *patterns.shape[1:]), np.uint8)
    for start in range(0, count, _IMAGES_PER_CHUNK):
        chunk = images[start : start + _IMAGES_PER_CHUNK]
        chunk[:] = random.randint(0, _HALF, chunk.shape, dtype=np.uint8)
        chunk += patterns[labels[start : start + _IMAGES_PER_CHUNK]]
    return images, labels


def _whole(key: str, text: str, least: int, most: int) -> int:
    # The length first: a number of thousands of digits makes int() itself raise.
    if text.isascii() and text.isdigit() and len(text) <= 12 and least <= int(text) <= most:
        return int(text)
    raise BadOptionError(
        f"The synthetic dataset's {key} is {text!r}, "
        f"where a whole number from {least} to {most} is allowed."
    )


def _check_size(spec: SyntheticSpec) -> None:
    if len(spec.shape) > _MAX_AXES:
        raise BadOptionError(
            f"The synthetic dataset's shape has {len(spec.shape)} axes, "
            f"where 1 to {_MAX_AXES} are allowed."
        )
    size_bytes = math.prod(spec.shape) * (spec.train + spec.test + spec.classes)
    if size_bytes > _MAX_BYTES:
        raise BadOptionError(
            f"{spec.name} would need {size_bytes / 2**30:.1f} GiB, where at most "
            f"{_MAX_BYTES // 2**30} GiB are allowed; choose a smaller shape or fewer images."
        )
