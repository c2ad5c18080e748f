"""The dataset ratings: does a user like an item? Generated from a few hidden factors.

Real data sets of this kind may not be redistributed. The sizes are those of MovieLens 1M, rounded
up to powers of two.
"""

from typing import Final

import numpy as np

from data.source import Arrays, Source

USERS: Final = 8_192
ITEMS: Final = 4_096
TRAIN: Final = 100_000
TEST: Final = 10_000
_TASTES: Final = 4
_SEED: Final = 0


def ratings_source() -> Source:
    """Return the source of ratings."""
    return Source(
        name="ratings",
        key=f"ratings-{USERS}-{ITEMS}-n{TRAIN}-{TEST}-s{_SEED}",
        description=f"generated: {USERS} users, {ITEMS} items, {_TASTES} tastes, seed {_SEED}",
        official=True,
        classes=2,
        read=generate_ratings,
    )


def generate_ratings() -> Arrays:
    """Return int32 pairs (n, 2) of a user and an item, and int64 answers (n,): 1 where liked.

    A user likes an item when the product of their hidden factors, plus noise of a third of its
    spread, is above zero. Items and users
    are drawn in proportion to 1 / rank.
    """
    # RandomState, because NumPy froze its stream for good; Generator's may change (NEP 19).
    random = np.random.RandomState(_SEED)
    users, items = random.normal(size=(USERS, _TASTES)), random.normal(size=(ITEMS, _TASTES))
    arrays: Arrays = {}
    for part, count in (("train", TRAIN), ("test", TEST)):
        user, item = (_ranks(random, size, count) for size in (USERS, ITEMS))
        taste = np.sum(users[user] * items[item], axis=1)
        noise = random.normal(scale=_TASTES**0.5 / 3, size=count)
        arrays[f"x_{part}"] = np.stack([user, item], axis=1).astype(np.int32)
        arrays[f"y_{part}"] = (taste + noise > 0).astype(np.int64)
    return arrays


def _ranks(
    random: np.random.RandomState, size: int, count: int
) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    """Return `count` numbers below `size`, distributed in proportion to 1 / rank."""
    weights = 1 / np.arange(1, size + 1)
    return random.choice(size, count, p=weights / weights.sum())
