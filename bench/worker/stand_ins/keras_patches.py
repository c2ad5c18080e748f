"""What of Keras has to know of stand-ins: hashes, pretrained weights, CIFAR-10's fixed size."""

from pathlib import Path
from typing import Any

import numpy as np

from bench.worker.stand_ins.source import StandInSource, is_random_weights, note_use


def patch_keras(source: StandInSource) -> None:
    """Let Keras read stand-ins: no hash is checked, random weights load, CIFAR-10 may be small.

    `get_file` itself stays Keras's: names, extraction and return values are those of its version.
    """
    import keras
    from keras.src.saving import saving_api
    from keras.src.utils import file_utils

    file_utils.validate_file = lambda *_, **__: True
    file_utils.urlretrieve = _retriever(source, file_utils.urlretrieve)
    _keep_random_weights(saving_api)
    _count_cifar10(keras, file_utils)
    _note_datasets(keras)


def _retriever(source: StandInSource, original: Any) -> Any:
    """Return `urlretrieve`, which also looks for the name under which the file is kept."""

    def urlretrieve(url: str, filename: Any = None, *values: Any, **options: Any) -> Any:
        if filename is None:
            return original(url, filename, *values, **options)
        kept = Path(filename).name
        content = source.find(url, kept, kept.removesuffix("_archive")).read_bytes()
        Path(filename).write_bytes(content)
        return filename, None

    return urlretrieve


def _keep_random_weights(saving_api: Any) -> None:
    original = saving_api.load_weights

    def load_weights(model: Any, filepath: Any, *values: Any, **options: Any) -> Any:
        if is_random_weights(filepath):
            return None
        return original(model, filepath, *values, **options)

    saving_api.load_weights = load_weights


def _count_cifar10(keras: Any, file_utils: Any) -> None:
    """Let CIFAR-10's `load_data` read batches of any size: its own insists on 5 times 10,000."""
    from keras.src.datasets import cifar, cifar10

    def load_data() -> Any:
        folder = file_utils.get_file(
            fname="cifar-10-batches-py-target",
            origin="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            extract=True,
        )
        names = [f"data_batch_{n}" for n in range(1, 6)]
        paths = [Path(folder) / "cifar-10-batches-py" / n for n in (*names, "test_batch")]
        *train, test = [cifar.load_batch(path) for path in paths]
        images = np.concatenate([x for x, _ in train]), np.asarray(test[0])
        labels = np.concatenate([y for _, y in train]), np.asarray(test[1])
        if keras.config.image_data_format() == "channels_last":
            images = images[0].transpose(0, 2, 3, 1), images[1].transpose(0, 2, 3, 1)
        x_train, x_test = (x.astype("uint8") for x in images)
        y_train, y_test = (np.reshape(y, (-1, 1)).astype("uint8") for y in labels)
        return (x_train, y_train), (x_test, y_test)

    cifar10.load_data = load_data
    keras.datasets.cifar10.load_data = load_data


def _note_datasets(keras: Any) -> None:
    """Note the name of each dataset that is loaded, beside the files that it consists of."""
    for name in dir(keras.datasets):
        module = getattr(keras.datasets, name)
        if hasattr(module, "load_data"):
            module.load_data = _noted(module.load_data, f"keras.datasets.{name}.load_data")


def _noted(function: Any, name: str) -> Any:
    def load_data(*values: Any, **options: Any) -> Any:
        note_use(name)
        return function(*values, **options)

    return load_data
