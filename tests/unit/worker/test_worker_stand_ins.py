"""The stand-ins of a script's downloads, without any framework: folder, network, commands, home."""

import gzip
import importlib
import json
import pickle
import sys
import tarfile
import types
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.worker.stand_ins import source as sources
from bench.worker.stand_ins.commands import add_commands, run_stand_in
from bench.worker.stand_ins.later_imports import (
    RandomState,
    patch_after_import,
    patch_torch_hub,
    patch_torch_modules,
)
from bench.worker.stand_ins.made_files import dataset_makers
from bench.worker.stand_ins.network import (
    answer_gdown,
    answer_load_dataset,
    answer_requests,
    answer_urllib,
)
from bench.worker.stand_ins.places import enter_home, make_home, open_fixed_paths, remove_home
from bench.worker.stand_ins.source import (
    StandInError,
    StandInSource,
    is_random_weights,
    name_of_url,
    stand_ins_used,
)
from bench.worker.stand_ins.tfds import EXAMPLES, patch_tfds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "stand-ins"
    path.mkdir()
    return path


@pytest.fixture
def source(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInSource]:
    monkeypatch.setattr(sources, "used", [])
    made = StandInSource(folder, dataset_makers())
    yield made
    made.close()


def test_the_file_of_a_urls_last_component_stands_in(source: StandInSource, folder: Path) -> None:
    (folder / "heart.csv").write_text("a,b\n")
    assert source.find("http://example.org/data/heart.csv?raw=1") == folder.resolve() / "heart.csv"
    assert stand_ins_used() == ["http://example.org/data/heart.csv?raw=1"]


def test_a_missing_file_is_named_with_its_place(source: StandInSource, folder: Path) -> None:
    with pytest.raises(StandInError) as caught:
        source.find("https://example.org/x.zip", "y.zip")
    sentence = str(caught.value)
    assert "https://example.org/x.zip" in sentence
    assert f"{folder.resolve() / 'x.zip'} or {folder.resolve() / 'y.zip'} is missing" in sentence


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StandInError, match="does not exist"):
        StandInSource(tmp_path / "nowhere", {})


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/a/b.tar.gz", "b.tar.gz"),
        ("https://example.org/a/b.csv?download=1", "b.csv"),
        ("https://drive.google.com/uc?id=1AbC", "1AbC"),
        ("1AbC", "1AbC"),
        ("https://example.org", ""),
    ],
)
def test_the_name_of_a_url(url: str, name: str) -> None:
    assert name_of_url(url) == name


def test_names_json_gives_a_url_another_name(folder: Path) -> None:
    (folder / "names.json").write_text(json.dumps({"https://t.co/9": "real.csv", "/etc/x": "y"}))
    (folder / "real.csv").write_text("1")
    source = StandInSource(folder, {})
    assert source.find("https://t.co/9").name == "real.csv"
    assert source.fixed_paths() == {"/etc/x": folder.resolve() / "y"}


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_names_json_that_is_no_mapping_is_refused(folder: Path, text: str) -> None:
    (folder / "names.json").write_text(text)
    with pytest.raises(StandInError, match=r"names\.json"):
        StandInSource(folder, {})


def test_a_file_of_the_folder_comes_before_one_that_is_made(
    source: StandInSource, folder: Path
) -> None:
    (folder / "mnist.npz").write_bytes(b"real")
    assert source.find("https://example.org/mnist.npz").read_bytes() == b"real"


def test_pretrained_weights_that_nobody_has_are_random(source: StandInSource) -> None:
    path = source.find("https://example.org/resnet50_weights.h5")
    assert is_random_weights(path)
    assert not is_random_weights(__file__)
    assert stand_ins_used() == ["https://example.org/resnet50_weights.h5 (random weights)"]


def test_made_images_have_the_form_of_the_originals(source: StandInSource) -> None:
    with np.load(source.find("https://example.org/mnist.npz")) as arrays:
        assert arrays["x_train"].shape[1:] == (28, 28)
        assert arrays["x_train"].dtype == arrays["y_train"].dtype == np.uint8
        assert set(arrays["y_train"]) == set(range(10))
    labels = gzip.decompress(source.find("x/train-labels-idx1-ubyte.gz").read_bytes())
    images = gzip.decompress(source.find("x/train-images-idx3-ubyte.gz").read_bytes())
    assert len(images) - 16 == (len(labels) - 8) * 28 * 28


def test_made_batches_of_cifar_have_the_names_and_keys_of_the_originals(
    source: StandInSource,
) -> None:
    with tarfile.open(source.find("https://example.org/cifar-10-python.tar.gz")) as archive:
        assert len(archive.getnames()) == 6
        member = archive.extractfile("cifar-10-batches-py/data_batch_1")
        assert member is not None
        batch = pickle.load(member)
    assert batch[b"data"].shape == (len(batch[b"labels"]), 3 * 32 * 32)
    with tarfile.open(source.find("https://example.org/cifar-100-python.tar.gz")) as archive:
        member = archive.extractfile("cifar-100-python/train")
        assert member is not None
        batch = pickle.load(member)
    assert max(batch[b"fine_labels"]) == 99
    assert max(batch[b"coarse_labels"]) == 19


def test_made_files_are_equal_every_time(source: StandInSource, tmp_path: Path) -> None:
    other = StandInSource(tmp_path, dataset_makers())
    for name in ("mnist.npz", "imdb.npz", "boston_housing.npz", "reuters_word_index.json"):
        with_dates = name.endswith(".npz")
        first, second = source.find(name), other.find(name)
        if with_dates:
            with zipfile.ZipFile(first) as one, zipfile.ZipFile(second) as two:
                assert one.namelist() == two.namelist()
                assert all(one.read(n) == two.read(n) for n in one.namelist())
        else:
            assert first.read_bytes() == second.read_bytes()
    other.close()


@pytest.fixture
def answered(source: StandInSource, monkeypatch: pytest.MonkeyPatch) -> StandInSource:
    """Answer urllib's requests from the folder until the test ends."""

    def refuse(*_: Any, **__: Any) -> None:
        raise urllib.error.URLError("the network was asked")

    monkeypatch.setattr(urllib.request.AbstractHTTPHandler, "do_open", refuse)
    answer_urllib(source)
    return source


def test_urlopen_and_urlretrieve_read_the_folder(
    answered: StandInSource, folder: Path, tmp_path: Path
) -> None:
    (folder / "a.txt").write_text("content")
    with urllib.request.urlopen("https://example.org/a.txt") as response:
        assert response.read() == b"content"
        assert (response.status, response.headers["Content-Length"]) == (200, "7")
    urllib.request.urlretrieve("http://example.org/a.txt", tmp_path / "kept")
    assert (tmp_path / "kept").read_text() == "content"
    with pytest.raises(StandInError):
        urllib.request.urlopen("https://example.org/other.txt")


def test_pandas_reads_a_table_by_its_url(answered: StandInSource, folder: Path) -> None:
    import pandas as pd

    (folder / "t.csv").write_text("a,b\n1,2\n")
    assert pd.read_csv("https://example.org/t.csv").to_dict("list") == {"a": [1], "b": [2]}


def test_requests_to_this_machine_are_left_alone(answered: StandInSource) -> None:
    with pytest.raises(urllib.error.URLError, match="the network was asked"):
        urllib.request.urlopen("http://localhost:1/a.txt")


def test_requests_reads_the_folder(
    source: StandInSource, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = pytest.importorskip("requests")
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", lambda *_, **__: 1 / 0)
    answer_requests(source, requests)
    (folder / "b.json").write_text('{"x": 1}')
    response = requests.get("https://example.org/b.json", timeout=1)
    assert (response.status_code, response.json()) == (200, {"x": 1})


def test_gdown_copies_under_the_name_of_the_output(
    source: StandInSource, folder: Path, tmp_path: Path
) -> None:
    module = types.SimpleNamespace(download=None)
    answer_gdown(source, module)
    (folder / "data.zip").write_bytes(b"zip")
    target = tmp_path / "data.zip"
    assert module.download("https://drive.google.com/uc?id=1", str(target), quiet=True)
    assert target.read_bytes() == b"zip"


def test_the_shell_commands_download_and_unpack(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: StandInSource,
) -> None:
    monkeypatch.chdir(tmp_path)
    (folder / "a.csv").write_text("1")
    with zipfile.ZipFile(folder / "z.zip", "w") as archive:
        archive.writestr("inner/file.txt", "x")
    log = tmp_path / "log"
    run = lambda *words: run_stand_in(words[0], words[1:], str(folder), str(log))  # noqa: E731
    assert run("wget", "-q", "https://example.org/a.csv") == 0
    assert run("wget", "https://example.org/a.csv", "-O", "b.csv") == 0
    assert run("curl", "-LO", "https://example.org/z.zip") == 0
    assert run("unzip", "-qq", "z.zip", "-d", "here") == 0
    assert run("pip", "install", "-q", "anything") == 0
    assert (tmp_path / "b.csv").read_text() == "1"
    assert (tmp_path / "here/inner/file.txt").read_text() == "x"
    assert "https://example.org/z.zip" in log.read_text().splitlines()


def test_a_shell_command_without_its_file_fails_with_the_sentence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], source: StandInSource
) -> None:
    assert (
        run_stand_in("wget", ["https://example.org/no.csv"], str(folder), str(tmp_path / "log"))
        == 1
    )
    assert "no.csv is missing" in capsys.readouterr().err
    assert run_stand_in("unzip", ["no.zip"], str(folder), "") == 9


def test_the_commands_come_first_in_the_path_and_report(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: StandInSource
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv(sources.USED_VARIABLE, "")
    add_commands(folder, tmp_path)
    import os
    import shutil

    assert shutil.which("wget") == str(tmp_path / ".stand-ins/bin/wget")
    assert os.environ["PATH"].endswith(":/usr/bin")
    (tmp_path / ".stand-ins/used").write_text("https://example.org/a\n")
    assert stand_ins_used() == ["https://example.org/a"]


def test_the_home_is_the_users_by_links_with_an_own_keras_cache(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: StandInSource
) -> None:
    user = tmp_path / "user"
    (user / ".keras").mkdir(parents=True)
    (user / ".keras" / "real").touch()
    (user / "notes").mkdir()
    monkeypatch.setenv("HOME", str(user))
    monkeypatch.setenv("KERAS_HOME", "")
    (folder / "home/.keras/datasets/books").mkdir(parents=True)
    (folder / "home/.keras/datasets/books/a.txt").touch()
    home = make_home(folder)
    enter_home(home)
    assert Path.home() == home
    assert (home / "notes").resolve() == user / "notes"
    assert not (home / ".keras" / "real").exists()
    assert (home / ".keras/datasets/books/a.txt").exists()
    assert stand_ins_used() == ["~/.keras/datasets/books/a.txt"]
    remove_home(home)
    assert not home.exists()
    assert (user / "notes").exists()


def test_a_package_is_patched_when_it_is_imported_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "late_package.py").write_text("def load(): return 'real'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))

    def patch(module: Any) -> None:
        module.load = lambda: "stand-in"

    patch_after_import({"late_package": patch, "json": lambda m: setattr(m, "_patched", True)})
    assert importlib.import_module("late_package").load() == "stand-in"
    assert vars(json).pop("_patched") is True
    del sys.modules["late_package"]


def test_open_reads_a_stand_in_for_a_fixed_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: StandInSource
) -> None:
    import builtins

    monkeypatch.setattr(builtins, "open", open)
    (tmp_path / "x.csv").write_text("content")
    open_fixed_paths({"/Users/someone/x.csv": tmp_path / "x.csv"})
    with open("/Users/someone/x.csv") as file:  # noqa: PTH123
        assert file.read() == "content"
    assert stand_ins_used() == ["/Users/someone/x.csv"]


def test_load_dataset_reads_the_splits_of_the_folder(source: StandInSource, folder: Path) -> None:
    calls = []
    module = types.SimpleNamespace(load_dataset=lambda *v, **o: calls.append((v, o)))
    answer_load_dataset(source, module)
    (folder / "conll2003").mkdir()
    (folder / "conll2003/train.jsonl").write_text("{}\n")
    module.load_dataset("conll2003")
    files = {"train": str(folder.resolve() / "conll2003/train.jsonl")}
    assert calls == [(("json",), {"data_files": files, "split": None})]
    with pytest.raises(StandInError, match="wikitext"):
        module.load_dataset("wikitext", "wikitext-2-raw-v1")


def test_torch_modules_keep_their_random_weights(source: StandInSource) -> None:
    class Module:
        loaded: Any = None

        def load_state_dict(self, state: Any) -> str:
            self.loaded = state
            return "loaded"

    keys = lambda missing, unexpected: (missing, unexpected)  # noqa: E731
    patch_torch_modules(types.SimpleNamespace(Module=Module, _IncompatibleKeys=keys))
    hub = types.SimpleNamespace()
    patch_torch_hub(source, hub)
    state = hub.load_state_dict_from_url("https://example.org/resnet18.pth", check_hash=True)
    module = Module()
    assert isinstance(state, RandomState)
    assert module.load_state_dict(state) == ([], [])
    assert module.loaded is None
    assert module.load_state_dict({"a": 1}) == "loaded"


class FakeInstruction:
    """What `ReadInstruction.from_spec` returns for a plain split."""

    def __init__(self, split: str) -> None:
        self.splitname, self.from_, self.to = split, None, None

    @classmethod
    def from_spec(cls, spec: str) -> "FakeInstruction":
        return cls(spec)

    def to_absolute(self, sizes: Any) -> list["FakeInstruction"]:
        self.to = sizes[self.splitname].num_examples
        return [self]


@pytest.fixture
def tfds(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a fake of tensorflow_datasets; reading a split returns its name and its size."""
    from bench.worker.stand_ins import tfds as module

    monkeypatch.setattr(
        module.MadeDataset, "_examples", lambda _, split, first, last: (split, first, last)
    )
    info = types.SimpleNamespace(features={"image": 1}, supervised_keys=("image", "label"))
    builder = lambda name: types.SimpleNamespace(name=name, info=info)  # noqa: E731
    core = types.SimpleNamespace(ReadInstruction=FakeInstruction)
    return types.SimpleNamespace(builder=builder, core=core, load=None)


def test_tfds_load_keeps_the_structure_of_the_splits(
    tfds: Any, folder: Path, source: StandInSource
) -> None:
    (folder / "tfds.json").write_text(json.dumps({"flowers": {"train": 7}}))
    patch_tfds(folder, tfds)
    data, info = tfds.load("flowers", split=["train", "test"], with_info=True)
    assert data == [("train", 0, 7), ("test", 0, EXAMPLES)]
    assert info.splits["train"].num_examples == 7
    assert info.features == {"image": 1}
    assert tfds.load("flowers") == {"train": ("train", 0, 7)}
    assert tfds.load("flowers", split="test") == ("test", 0, EXAMPLES)
    assert stand_ins_used() == ["tensorflow_datasets.load(flowers)"]
