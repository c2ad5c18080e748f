"""With TensorFlow beside JAX, tf.data is a source for JAX and strings are looked up there."""

from pathlib import Path

import pytest

from bench.system.interpreter import with_tensorflow
from tests.fixtures.kinds import Found, train_kinds


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder: Path = tmp_path_factory.mktemp("jax")
    return train_kinds("jax", folder, ("tf_data",), with_tensorflow({}))


def test_tf_data_trains_jax_as_plain_keras_does(trained: Found) -> None:
    found = trained["kinds"]["tf_data"]
    [columns] = found["plain"]
    assert sorted(columns) == ["loss", "mae", "val_loss", "val_mae"]
    epochs = found["result"]["epochs"]
    assert len(epochs) == 2
    for index, epoch in enumerate(epochs):
        wanted = {name: values[index] for name, values in columns.items()}
        assert epoch["logs"] == pytest.approx(wanted, rel=1e-6)
    assert found["result"]["settings"]["data_adapter"].endswith("Dataset")
    assert [epoch["steps"] for epoch in epochs] == [4, 4]


def test_layers_that_look_up_strings_compute_there(trained: Found) -> None:
    assert len(trained["examples"]["my_text"]["epochs"]) == 2
