"""The examples of Keras: which there are, what they use, their files, rows, losses and page."""

import io
import re
import struct
import tarfile
import wave
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.core.cell import BACKENDS
from validation.keras_examples import made_folders, made_tables, made_texts
from validation.keras_examples.__main__ import EXAMPLE_ROWS, EXAMPLES_PAGE, make_examples_parser
from validation.keras_examples.alias import write_alias
from validation.keras_examples.catalogue import Example, ExamplesError, find_examples, select
from validation.keras_examples.compare import (
    describe_phases,
    find_losses,
    largest_difference,
)
from validation.keras_examples.folder import lay_out, shell_cells
from validation.keras_examples.made_images import image_bytes, mask_bytes, write_tar, write_zip
from validation.keras_examples.made_videos import sports, video
from validation.keras_examples.rows import (
    ExamplePhase,
    ExampleRow,
    add_row,
    group_phases,
    read_example_rows,
)
from validation.keras_examples.stand_ins import WRITERS
from validation.keras_examples.table import write_page
from validation.keras_examples.traits import TRAITS, Reading, traits_of, write_traits

TRAINING = """
import keras
class Model(keras.Model):
    def train_step(self, data): pass
model.compile(loss="mse", metrics=["accuracy", keras.metrics.AUC(name="auc")])
for _ in range(2):
    model.fit(x, y, class_weight={0: 1}, callbacks=[keras.callbacks.EarlyStopping()])
model.load_weights("a.weights.h5")
"""


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """Return a folder of four examples: for all, for TensorFlow twice, and for torch."""
    files = {
        "vision/mine.py": TRAINING,
        "nlp/by_itself.py": 'import os\nos.environ["KERAS_BACKEND"] = "tensorflow"\n',
        "tensorflow/rl/loop.py": "with tf.GradientTape() as tape: pass\n",
        "pytorch/broken.py": "print(",
    }
    for name, text in files.items():
        path = tmp_path / "keras_io" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return tmp_path / "keras_io"


def test_an_example_is_for_the_backends_of_its_folder_or_of_its_own_setting(
    examples: Path,
) -> None:
    assert [(e.name, e.backends) for e in find_examples(examples)] == [
        ("vision/mine", BACKENDS),
        ("nlp/by_itself", ("tensorflow",)),
        ("pytorch/broken", ("torch",)),
        ("tensorflow/rl/loop", ("tensorflow",)),
    ]


def test_an_empty_folder_and_an_unknown_name_are_refused(examples: Path, tmp_path: Path) -> None:
    with pytest.raises(ExamplesError, match="holds no examples"):
        find_examples(tmp_path / "nowhere")
    found = find_examples(examples)
    assert [e.short for e in select(found, ["loop", "vision/mine"])] == ["loop", "mine"]
    with pytest.raises(ExamplesError, match="no example is called other"):
        select(found, ["other"])


def test_traits_are_read_from_the_source(examples: Path, tmp_path: Path) -> None:
    mine, _, broken, loop = find_examples(examples)
    traits = traits_of(mine)
    assert traits is not None
    assert {name for name, found in traits.items() if found} == {
        "fit",
        "several fits",
        "callbacks",
        "callbacks: EarlyStopping",
        "class_weight",
        "a fit without validation",
        "weights loaded",
        "own train_step",
        "own models",
        "metrics other than accuracy",
    }
    assert traits_of(broken) is None
    by_hand = traits_of(loop)
    assert by_hand is not None
    assert by_hand["hand-written gradients"]
    table = write_traits([mine, broken], tmp_path / "out" / "traits.csv")
    stored = pd.read_csv(tmp_path / "out" / "traits.csv")
    assert list(stored["example"]) == list(table["example"]) == ["vision/mine", "pytorch/broken"]
    assert stored["fit"].tolist()[0] == 1
    assert stored[list(TRAITS)].isna().all(axis=1).tolist() == [False, True]


@pytest.mark.parametrize(
    ("source", "trait"),
    [
        ("model.fit(d, validation_split=0.1)", "validation_split"),
        ("model.fit(d, steps_per_epoch=3)", "steps_per_epoch"),
        ("layer.adapt(x)", "adapt"),
        ("class A(keras.utils.PyDataset): pass", "data: PyDataset"),
        ("DataLoader(x)", "data: DataLoader"),
        ("tf.data.Dataset.from_tensor_slices(x)", "data: tf.data"),
        ("tfds.load('mnist')", "data: tensorflow_datasets"),
        ("keras.utils.image_dataset_from_directory(d)", "data: Keras's readers"),
        ("keras.optimizers.schedules.CosineDecay(1, 2)", "learning rate schedule"),
        ("Net(weights='imagenet')", "pretrained weights"),
        ("model.compile(loss=[a, None])", "several outputs or losses"),
        ("TextVectorization()", "lookups or TextVectorization"),
    ],
)
def test_each_of_these_calls_is_a_trait(source: str, trait: str) -> None:
    assert TRAITS[trait](Reading(source))
    assert not TRAITS[trait](Reading("model.fit(x, weights=None)"))


def test_a_method_inside_a_class_is_no_hand_written_loop() -> None:
    own_step = "class A(Model):\n def train_step(self, d):\n  with tf.GradientTape(): pass"
    assert not TRAITS["hand-written gradients"](Reading(own_step))


def test_the_cells_of_shell_commands_are_found_without_their_marks() -> None:
    text = '"""shell\n!wget a\ntar x\n"""\nx = 1\n"""shell\npip install b\n"""\n"""words"""\n'
    assert shell_cells(text) == ["wget a\ntar x\n", "pip install b\n"]


def test_an_example_gets_common_files_and_its_own(examples: Path, tmp_path: Path) -> None:
    stand_ins = tmp_path / "all"
    for name in ("common/a.csv", "common/b.csv", "mine/b.csv", "mine/work/c.csv", "mine/root/d"):
        (stand_ins / name).parent.mkdir(parents=True, exist_ok=True)
        (stand_ins / name).write_text(name)
    script, merged = lay_out(find_examples(examples)[0], stand_ins, tmp_path / "place")
    assert script.read_text() == TRAINING
    assert (script.parent / "c.csv").read_text() == "mine/work/c.csv"
    assert {p.name: p.read_text() for p in merged.iterdir()} == {
        "a.csv": "common/a.csv",
        "b.csv": "mine/b.csv",
    }


def test_the_alias_package_is_two_statements(tmp_path: Path) -> None:
    code = (write_alias(tmp_path) / "keras_core" / "__init__.py").read_text()
    assert "import sys, keras" in code
    compile(code, "keras_core", "exec")


def test_made_files_open_as_what_they_are(tmp_path: Path) -> None:
    assert Image.open(io.BytesIO(image_bytes(1, (8, 6)))).size == (8, 6)
    mask = np.asarray(Image.open(io.BytesIO(mask_bytes(0, 3, (6, 6), first=1))))
    assert set(mask.ravel()) == {1, 2, 3}
    with wave.open(io.BytesIO(made_tables.sound(1, 2))) as sound:
        assert (sound.getframerate(), sound.getnframes()) == (16_000, 32_000)
    write_zip(tmp_path / "a.zip", {"x/y.txt": b"1"})
    write_tar(tmp_path / "a.tar.gz", {"x/y.txt": b"2"})
    assert zipfile.ZipFile(tmp_path / "a.zip").read("x/y.txt") == b"1"
    with tarfile.open(tmp_path / "a.tar.gz") as archive:
        assert archive.getnames() == ["x/y.txt"]
    movie = video(1, frames=3, size=(16, 16))
    assert movie[:4] == b"RIFF"
    assert struct.unpack("<I", movie[4:8]) == (len(movie) - 8,)
    assert movie.count(b"00dc") == 6  # each frame, and its place in the index


def test_made_tables_have_the_columns_of_the_originals() -> None:
    census = pd.read_csv(io.BytesIO(made_tables.census(80, test=False)), header=None)
    assert census.shape == (80, 15)
    assert set(census[14]) == {" <=50K", " >50K"}
    assert made_tables.census(2, test=True).startswith(b"|1x3 Cross validator\n")
    heart = pd.read_csv(io.BytesIO(made_tables.heart(12)))
    assert heart.columns[-2:].tolist() == ["thal", "target"]
    weather = pd.read_csv(io.BytesIO(made_tables.weather(3)))
    assert (weather.columns[0], weather.shape) == ("Date Time", (3, 15))
    brain = pd.read_csv(io.BytesIO(made_tables.brain_waves(2)))
    assert len(msgspec.json.decode(brain["raw_values"][0])) == 512
    engine = np.loadtxt(io.BytesIO(made_tables.engine_noise(4)), delimiter="\t")
    assert (engine.shape, set(engine[:, 0])) == ((4, 501), {-1.0, 1.0})


def test_made_texts_have_the_form_of_the_originals() -> None:
    reviews = made_texts.reviews(2, 5)
    assert sum("/pos/" in n or "/neg/" in n for n in reviews) == 9
    lines = made_texts.sentence_pairs(3, columns=3).decode().splitlines()
    assert [line.count("\t") for line in lines] == [2, 2, 2]
    vectors = made_texts.word_vectors(4).decode().splitlines()
    assert all(len(line.split()) == 5 for line in vectors)


def test_the_layouts_have_the_names_that_scripts_expect() -> None:
    assert "train.csv" in sports()
    assert len(made_folders.imagenette("x")) == 140
    assert "captcha_images_v2" in next(iter(made_folders.captchas()))
    assert {"common", "conv_lstm", "captcha_ocr"} <= set(WRITERS)


def phase(method: str = "fit", line: int = 1, **facts: Any) -> ExamplePhase:
    return ExamplePhase(method=method, line=line, seconds=1.0, **facts)


def row(example: str = "vision/mine", backend: str = "jax", **facts: Any) -> ExampleRow:
    given: dict[str, Any] = {"way": "plain", "status": "ok", "seed": 1, **facts}
    return ExampleRow(example=example, backend=backend, **given)


def test_calls_from_one_line_are_one_phase() -> None:
    calls = [
        phase(epochs=1, logs={"loss": [3.0]}),
        phase("predict", 2),
        phase(epochs=1, logs={"loss": [2.0]}),
    ]
    fit, predict = group_phases(calls)
    assert (fit.calls, fit.epochs, fit.logs, fit.seconds) == (2, 2, {"loss": [3.0, 2.0]}, 2.0)
    assert (predict.calls, predict.method) == (1, "predict")
    assert describe_phases(row(phases=(fit, predict))) == "2 fit (2 epochs), 1 predict"
    assert describe_phases(row()).startswith("none")


def test_rows_are_read_back_the_last_one_wins_and_a_cut_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "new" / "rows.jsonl"
    add_row(path, row(status="failed", reason="first"))
    add_row(path, row(phases=(phase(),)))
    with path.open("ab") as file:
        file.write(b'{"example": "cu')
    rows = read_example_rows(path)
    assert list(rows) == [("vision/mine", "jax", "plain")]
    assert rows["vision/mine", "jax", "plain"].status == "ok"


@pytest.mark.parametrize(
    ("measured", "losses"),
    [
        ((phase(epochs=2, logs={"loss": [1.0, 2.0], "auc": [0.0, 1.0]}),), []),
        ((), ["1 phases became 0"]),
        ((phase("predict"),), ["phase 1: fit became predict"]),
        (
            (phase(epochs=1, logs={"loss": [1.0]}),),
            ["phase 1: 2 epochs became 1", "phase 1: without auc"],
        ),
        (
            (phase(epochs=2, calls=2, logs={"loss": [1.0, 2.0], "auc": [0.0, 1.0]}),),
            ["phase 1: 1 calls became 2"],
        ),
    ],
)
def test_what_is_lost_is_named(measured: tuple[ExamplePhase, ...], losses: list[str]) -> None:
    plain = row(phases=(phase(epochs=2, logs={"loss": [1.0, 2.0], "auc": [0.0, 1.0]}),))
    assert find_losses(plain, row(way="bench", phases=measured)) == losses


def test_the_largest_difference_is_relative_and_needs_equal_seeds() -> None:
    one = row(phases=(phase(logs={"loss": [2.0, 4.0]}),))
    other = row(phases=(phase(logs={"loss": [2.0, 5.0]}),))
    assert largest_difference(one, other) == pytest.approx(0.2)
    assert largest_difference(one, one) == 0.0
    assert largest_difference(one, msgspec.structs.replace(other, seed=2)) is None
    assert largest_difference(row(), row()) is None


def test_the_page_counts_names_and_gives_reasons(examples: Path, tmp_path: Path) -> None:
    found = find_examples(examples)
    stood_in = (
        "keras.datasets.mnist.load_data",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
        "https://example.org/net.h5 (random weights)",
    )
    fit = phase(epochs=3, logs={"loss": [1.0, 1.0, 1.0]})
    rows = [row(backend=b, phases=(fit,), stand_ins=stood_in) for b in BACKENDS]
    rows.append(row(way="bench", phases=(fit,)))
    rows.append(row("pytorch/broken", "torch", status="failed", reason="line 1: SyntaxError"))
    page = write_page(found, {(r.example, r.backend, r.way): r for r in rows}, tmp_path / "page.md")
    assert page == (tmp_path / "page.md").read_text()
    assert "- 1 of the 1 for every backend run on all three." in page
    assert "- 0 of the 3 for one backend run on theirs (1 tried)." in page
    line = next(text for text in page.splitlines() if text.startswith("| vision/mine"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1:6] == [
        *("runs", "runs", "runs", "1 fit (3 epochs)"),
        "keras.datasets.mnist, pretrained weights",
    ]
    assert cells[6] == "jax: nothing (logs differ by 0.0e+00 at most)"
    assert "- pytorch/broken (torch): line 1: SyntaxError" in page
    assert "| fit | 1 | 1 |" in page


def test_the_parser_has_a_command_for_each_part() -> None:
    parse = make_examples_parser().parse_args
    assert parse(["traits", "folder", "--to", "x.csv"]).command == "traits"
    run = parse(["run", "f", "--python", "p", "--stand-ins", "s", "--folder", "o", "--only", "a"])
    assert (run.way, run.only, run.timeout) == ("plain", ["a"], 300.0)


def test_an_example_has_a_short_name(examples: Path) -> None:
    assert Example(examples / "vision/mine.py", "vision/mine").short == "mine"


def test_the_published_page_has_the_state_of_each_published_row() -> None:
    rows = read_example_rows(EXAMPLE_ROWS)
    lines = EXAMPLES_PAGE.read_text(encoding="utf-8").splitlines()
    states = {"ok": "runs", "failed": "fails", "timeout": "too long"}
    assert len(rows) > 50
    for (example, backend, way), found in rows.items():
        (line,) = [text for text in lines if text.startswith(f"| {example} |")]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        place = 2 if cells[1] in BACKENDS else 1 + BACKENDS.index(backend)
        assert way != "plain" or cells[place] == states[found.status], line


def test_the_published_rows_hold_no_path_of_a_machine() -> None:
    assert not re.search(
        r"/(home|root|work|tmp/ex|tmp/w)", EXAMPLE_ROWS.read_text(encoding="utf-8")
    )
