"""`tensorflow_datasets.load` without its files: random examples with the features of the dataset.

The features come from the package itself, which knows them without a network.
"""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bench.worker.stand_ins.source import note_use

EXAMPLES = 128
_SIDE = 96  # of an image whose size the dataset leaves open


class MadeDataset:
    """One dataset: what its builder declares, and examples made for it."""

    def __init__(self, tfds: Any, name: str, sizes: dict[str, int]) -> None:
        """Ask the builder `name` for its features; `sizes` are the examples of each split."""
        self._tfds = tfds
        self._builder = tfds.builder(name)
        self._sizes = sizes

    def size(self, split: str) -> int:
        """Return the number of examples of a split by its plain name."""
        return self._sizes.get(split, EXAMPLES)

    def read(self, spec: Any, supervised: bool) -> Any:
        """Return the `tf.data.Dataset` of a split, also of one like `train[:40%]+test`."""
        known = _Sizes(self)
        parts = self._tfds.core.ReadInstruction.from_spec(str(spec)).to_absolute(known)
        data = [self._examples(p.splitname, p.from_ or 0, p.to) for p in parts]
        whole = data[0]
        for more in data[1:]:
            whole = whole.concatenate(more)
        return whole.map(self._pair) if supervised else whole

    def info(self) -> Any:
        """Return an object with the features of the dataset and the sizes of its splits."""
        return _MadeInfo(self._builder.info, self)

    def _examples(self, split: str, first: int, last: int | None) -> Any:
        tf = import_module("tensorflow")
        features = self._builder.info.features
        last = self.size(split) if last is None else last
        signature = features.get_tensor_spec()

        def generate() -> Any:
            for index in range(first, last):
                rng = np.random.default_rng([index, *split.encode()])
                yield {key: _value(feature, rng, index) for key, feature in features.items()}

        data = tf.data.Dataset.from_generator(generate, output_signature=signature)
        return data.apply(tf.data.experimental.assert_cardinality(last - first))

    def _pair(self, example: Any) -> Any:
        keys = self._builder.info.supervised_keys
        return tuple(example[key] for key in keys[:2])


class _Sizes(dict[str, Any]):
    """A mapping that knows every split: ReadInstruction asks it for the number of examples."""

    def __init__(self, dataset: MadeDataset) -> None:
        super().__init__()
        self._dataset = dataset

    def __contains__(self, split: object) -> bool:
        return True

    def __missing__(self, split: str) -> Any:
        return _MadeSplit(self._dataset.size(split))


class _MadeSplit:
    def __init__(self, examples: int) -> None:
        self.num_examples = examples


class _MadeInfo:
    """The info of a dataset, with splits that have as many examples as were made."""

    def __init__(self, info: Any, dataset: MadeDataset) -> None:
        self._info = info
        self.splits = _Sizes(dataset)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._info, name)


def patch_tfds(folder: Path, tfds: Any) -> None:
    """Let `tfds.load` return made datasets; `tfds.json` of the folder may set numbers of examples.

    It maps a dataset to its splits: `{"tf_flowers": {"train": 60}}`; `splits` names the default.
    """
    file = folder / "tfds.json"
    sizes = json.loads(file.read_text()) if file.is_file() else {}

    def load(
        name: str,
        *,
        split: Any = None,
        as_supervised: Any = False,
        with_info: bool = False,
        batch_size: int | None = None,
        **_: Any,
    ) -> Any:
        note_use(f"tensorflow_datasets.load({name})")
        dataset = MadeDataset(tfds, name, sizes.get(name, {}))

        def read(spec: Any) -> Any:
            data = dataset.read(spec, bool(as_supervised))
            return data if batch_size is None else data.batch(batch_size)

        wanted = list(sizes.get(name, {}) or ("train", "test")) if split is None else split
        data = _apply(read, {s: s for s in wanted} if split is None else wanted)
        return (data, dataset.info()) if with_info else data

    tfds.load = load


def _apply(read: Any, splits: Any) -> Any:
    """Return what `read` returns for each split, in the structure of `splits`."""
    if isinstance(splits, dict):
        return {key: _apply(read, one) for key, one in splits.items()}
    if isinstance(splits, (list, tuple)):
        return type(splits)(_apply(read, one) for one in splits)
    return read(splits)


def _value(feature: Any, rng: np.random.Generator, index: int) -> Any:
    """Return a random value of one feature, by the dtype, the shape and the classes it declares."""
    classes = getattr(feature, "num_classes", None)
    if hasattr(feature, "items"):
        return {key: _value(one, rng, index) for key, one in feature.items()}
    spec = feature.get_tensor_spec()
    if classes and not spec.shape.rank:
        return np.asarray(index % classes, dtype=spec.dtype.as_numpy_dtype)
    shape = [_SIDE if side is None else side for side in spec.shape]
    if spec.dtype.name == "string":
        return np.full(shape, f"text {index}") if shape else f"text {index}"
    if spec.dtype.is_integer:
        most = 256 if spec.dtype.name == "uint8" else 10
        return rng.integers(0, most, shape).astype(spec.dtype.as_numpy_dtype)
    return rng.random(shape).astype(spec.dtype.as_numpy_dtype)
