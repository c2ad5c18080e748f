"""A split of the data: arrays, or an object that makes batches, as `fit` takes them."""

from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np
from keras.src.trainers.data_adapters import get_data_adapter

from bench.core.script import KERAS_BATCH_SIZE

#: The most memory of the examples of a gate's slice.
_MOST_FEED_BYTES: Final = 4 * 2**30


@dataclass(frozen=True, kw_only=True)
class Split:
    """One split: arrays `x`, `y` and `sample_weight`, each possibly nested, or one object `x`.

    The object is what `fit` takes in place of arrays: a tf.data.Dataset, a PyDataset, a DataLoader
    or a generator.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None

    @property
    def is_arrays(self) -> bool:
        """Whether the split is of arrays, and not an object that makes batches."""
        leaves = keras.tree.flatten((self.x, self.y, self.sample_weight))
        return all(leaf is None or _is_array(leaf) for leaf in leaves)

    @property
    def examples(self) -> int | None:
        """The number of examples of arrays; None if it is not known."""
        return int(keras.tree.flatten(self.x)[0].shape[0]) if self.is_arrays else None

    def take(self, rows: Any) -> "Split":
        """Return the examples of arrays that `rows`, a slice or indices, selects."""

        def chosen(part: Any) -> Any:
            return keras.tree.map_structure(lambda a: None if a is None else _rows(a, rows), part)

        return Split(x=chosen(self.x), y=chosen(self.y), sample_weight=chosen(self.sample_weight))

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of `fit` and `evaluate` that give them this split."""
        parts = {"x": self.x, "y": self.y, "sample_weight": self.sample_weight}
        return {name: part for name, part in parts.items() if part is not None}

    @property
    def validation_data(self) -> Any:
        """The split as the argument of `fit` of that name."""
        if self.sample_weight is not None:
            return (self.x, self.y, self.sample_weight)
        return self.x if self.y is None else (self.x, self.y)

    @property
    def kind(self) -> str:
        """What makes the batches, for a report: `arrays`, or the class of the object."""
        return "arrays" if self.is_arrays else type(self.x).__name__

    @property
    def is_repeatable(self) -> bool:
        """Whether the split can be drawn more than once; a generator cannot."""
        return not hasattr(self.x, "__next__")


def first_examples(split: Split, count: int) -> Split:
    """Return at least the first `count` examples as arrays, or all that there are.

    Whole batches are drawn from an object, through the adapter that `fit` uses.
    """
    if split.is_arrays:
        return split.take(slice(count))
    batches: list[tuple[Any, ...]] = []
    drawn = 0
    for batch in get_data_adapter(**split.arguments).get_numpy_iterator():
        parts = batch if isinstance(batch, tuple) else (batch,)
        batches.append(parts)
        drawn += len(keras.tree.flatten(parts[0])[0])
        if drawn >= count:
            break
    joined = [
        keras.tree.map_structure(lambda *arrays: np.concatenate(arrays), *each)
        for each in zip(*batches, strict=True)
    ]
    return Split(**dict(zip(("x", "y", "sample_weight"), joined, strict=False)))


def first_batch_size(split: Split) -> int:
    """Return the number of examples in the first batch that `fit` draws by its own defaults."""
    if split.is_arrays:
        return min(KERAS_BATCH_SIZE, split.examples or 1)
    return first_examples(split, 1).examples or 1


def check_feed(split: Split, count: int) -> None:
    """Raise MemoryError if `count` examples of arrays need more memory than a slice may have."""
    one = sum(
        np.asarray(leaf[:1]).nbytes for leaf in keras.tree.flatten(first_examples(split, 1).x)
    )
    if one * count > _MOST_FEED_BYTES:
        raise MemoryError(
            f"a slice needs {count:,} examples of {one:,} bytes each, more than the "
            f"{_MOST_FEED_BYTES / 2**30:g} GiB that it may hold; choose a smaller batch size"
        )


def repeated(split: Split, count: int) -> Split:
    """Return exactly `count` examples as arrays: the first ones, from the start again as needed."""
    known = first_examples(split, count)
    return known.take(np.arange(count) % (known.examples or 1))


def _is_array(value: Any) -> bool:
    is_frame = hasattr(value, "iloc")  # of pandas
    named = hasattr(value, "shape") and hasattr(value, "__getitem__")
    return named and (is_frame or hasattr(value, "dtype"))


def _rows(array: Any, rows: Any) -> Any:
    return array.iloc[rows] if hasattr(array, "iloc") else array[rows]
