"""The digits dataset: 1,797 handwritten digits, kept in the repository, scaled to 32x32x3.

`digits.npz` was made once, with scikit-learn 1.9.1 (attribution in digits.LICENSE.md):

    images, labels = load_digits(return_X_y=True)
    np.savez_compressed("digits.npz", images=images.reshape(-1, 8, 8).astype(np.uint8),
                        labels=labels.astype(np.uint8))
"""

import hashlib
import io
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from data.errors import SourceUnreadableError
from data.source import Arrays, Source, embedded_bytes

_CLASSES: Final = 10
_FILE: Final = Path(__file__).with_name("digits.npz")
_SPLIT_SEED: Final = 0
_TEST_SHARE: Final = 0.2
_BRIGHTEST: Final = 16
_REPEATS: Final = 4


def digits_source() -> Source:
    """Return the source of digits; raises MissingSourceError or SourceUnreadableError."""
    content = embedded_bytes(_FILE)
    return Source(
        name="digits",
        key=f"digits-{hashlib.sha256(content).hexdigest()[:12]}",
        description="UCI Optical Recognition of Handwritten Digits, doi:10.24432/C50P49, CC BY 4.0",
        official=True,
        classes=_CLASSES,
        read=lambda: _read(content),
    )


def _read(content: bytes) -> Arrays:
    """Return the scaled images (n, 32, 32, 3) and labels (n,) in the order of the original."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            images, labels = scale(archive["images"]), archive["labels"].astype(np.int64)
    except Exception as error:  # from zipfile, NumPy and others on other bytes
        raise SourceUnreadableError(f"{_FILE} is damaged ({error}); check it out again.") from error
    in_test = choose_test(labels)
    return {
        "x_train": images[~in_test],
        "y_train": labels[~in_test],
        "x_test": images[in_test],
        "y_test": labels[in_test],
    }


def scale(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return (n, 8, 8) images of values 0 to 16 as (n, 32, 32, 3) images of values 0 to 255.

    Nearest neighbour: each pixel is repeated 4x4 times, and on three equal channels.
    """
    bright: npt.NDArray[np.uint8] = np.rint(images * (255 / _BRIGHTEST)).astype(np.uint8)
    large = bright.repeat(_REPEATS, axis=1).repeat(_REPEATS, axis=2)
    return large[..., np.newaxis].repeat(3, axis=3)


def choose_test(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return a mask (n,) of the test images: a fifth of each class, always the same ones."""
    # RandomState, because NumPy froze its stream for good; Generator's may change (NEP 19).
    random = np.random.RandomState(_SPLIT_SEED)
    in_test = np.zeros(len(labels), np.bool_)
    for label in range(_CLASSES):
        members = random.permutation(np.flatnonzero(labels == label))
        in_test[members[: round(len(members) * _TEST_SHARE)]] = True
    return in_test
