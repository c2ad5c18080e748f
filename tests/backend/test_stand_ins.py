"""Keras itself reads the stand-ins: datasets, `get_file`, pretrained weights, on each backend."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bench.core.cell import BACKENDS
from bench.core.paths import CHECKOUT
from bench.system.interpreter import find_interpreter

SCRIPT = """
import json, sys
from pathlib import Path
from bench.worker.stand_ins import install_stand_ins, stand_ins_used
install_stand_ins(Path(sys.argv[1]))
import keras
from keras.datasets import cifar10
shapes = {}
for name in ("mnist", "fashion_mnist", "cifar10", "cifar100", "imdb", "reuters",
             "boston_housing", "california_housing"):
    (x, y), (x_test, _) = getattr(keras.datasets, name).load_data()
    shapes[name] = [list(x.shape), str(x.dtype), list(y.shape), len(x_test)]
(words, _), _ = keras.datasets.imdb.load_data(num_words=40, maxlen=90)
(_, coarse), _ = keras.datasets.cifar100.load_data(label_mode="coarse")
folder = Path(keras.utils.get_file(origin="https://example.org/books.zip", extract=True))
model = keras.applications.MobileNetV2(weights="imagenet", alpha=0.35, input_shape=(96, 96, 3))
scores = model.predict(keras.ops.zeros((1, 96, 96, 3)), verbose=0)
model.save_weights("mine.weights.h5")
model.load_weights("mine.weights.h5")
try:
    keras.utils.get_file("other.bin", "https://example.org/other.bin")
except Exception as error:
    missing = str(error)
print(json.dumps({
    "shapes": shapes,
    "same_function": cifar10.load_data()[0][0].shape == tuple(shapes["cifar10"][0]),
    "largest_word": max(max(w) for w in words), "longest": max(len(w) for w in words),
    "word_index": len(keras.datasets.imdb.get_word_index()) > 1000,
    "coarse": int(coarse.max()),
    "extracted": (folder / "books" / "a.txt").read_text(),
    "below_home": folder.is_relative_to(Path.home() / ".keras" / "datasets"),
    "top": keras.applications.mobilenet_v2.decode_predictions(scores, top=1)[0][0][1],
    "missing": missing, "used": stand_ins_used(), "home": str(Path.home()),
}))
"""


def run_script(backend: str, stand_ins: Path, tmp_path: Path) -> dict[str, Any]:
    """Return what SCRIPT prints under a backend, in a folder of its own."""
    done = subprocess.run(
        [find_interpreter(backend, {}).python, "-c", SCRIPT, str(stand_ins)],
        env=os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(CHECKOUT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


@pytest.mark.parametrize("backend", BACKENDS)
def test_keras_reads_stand_ins_as_if_they_were_downloads(backend: str, tmp_path: Path) -> None:
    import zipfile

    folder = tmp_path / "stand-ins"
    folder.mkdir()
    with zipfile.ZipFile(folder / "books.zip", "w") as archive:
        archive.writestr("books/a.txt", "once")
    facts = run_script(backend, folder, tmp_path)
    assert facts["shapes"] == {
        "mnist": [[100, 28, 28], "uint8", [100], 50],
        "fashion_mnist": [[100, 28, 28], "uint8", [100], 50],
        "cifar10": [[100, 32, 32, 3], "uint8", [100, 1], 50],
        "cifar100": [[100, 32, 32, 3], "uint8", [100, 1], 50],
        "imdb": [[100], "object", [100], 50],
        "reuters": [[80], "object", [80], 20],
        "boston_housing": [[404, 13], "float64", [404], 102],
        "california_housing": [[512, 8], "float64", [512], 128],
    }
    assert facts["same_function"]
    assert facts["word_index"]
    assert facts["largest_word"] == 39
    assert facts["longest"] < 90
    assert facts["coarse"] == 19
    assert facts["extracted"] == "once"
    assert facts["below_home"]
    assert facts["top"].startswith("class_")
    assert "other.bin is missing" in facts["missing"]
    assert "keras.datasets.mnist.load_data" in facts["used"]
    assert any(used.endswith("(random weights)") for used in facts["used"])
    assert not Path(facts["home"]).exists()
