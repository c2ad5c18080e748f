"""Opening: read-only, checked by size and time, quick at any size."""

import json
import os
import time

import numpy as np
import pytest

from data.dataset import open_dataset
from data.errors import ManifestUnreadableError, OtherManifestVersionError, PreparedChangedError
from data.manifest import ArrayFacts, fingerprint_of
from data.prepare import prepare
from tests.fixtures.present import one_array


@pytest.fixture
def folder(tmp_path):
    return prepare("synthetic:shape=4x4x3,classes=3,train=9,test=6", cache_dir=tmp_path)


def edit(folder, change):
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_arrays_are_memory_mapped_and_read_only(folder):
    dataset = open_dataset(folder)
    for array in (dataset.x_train, dataset.y_train, dataset.x_test, dataset.y_test):
        assert isinstance(array, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_shapes_types_and_manifest_agree(folder):
    dataset = open_dataset(folder)
    x_train, y_test = one_array(dataset.x_train), one_array(dataset.y_test)
    assert x_train.shape == (9, 4, 4, 3) and x_train.dtype == np.uint8
    assert y_test.shape == (6,) and y_test.dtype == np.int64
    assert dataset.manifest.classes == 3
    assert dataset.manifest.fingerprint == fingerprint_of(dataset.manifest.arrays)


def test_pickled_objects_in_the_place_of_an_array_are_not_unpickled(folder, tmp_path):
    class Harm:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    path = folder / "y_test.npy"
    np.save(path, np.array([Harm()] * 6, object), allow_pickle=True)
    status = path.stat()
    facts = {"size_bytes": status.st_size, "mtime_ns": status.st_mtime_ns}
    edit(folder, lambda content: content["arrays"]["y_test"].update(facts))
    with pytest.raises(PreparedChangedError, match="Python objects in dtype"):
        open_dataset(folder)
    assert not (tmp_path / "harm").exists()


def test_a_file_of_another_size_is_named_with_the_folder_to_delete(folder):
    path = folder / "y_test.npy"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(
        PreparedChangedError, match=rf"y_test\.npy has .* bytes.*delete .*{folder.name}"
    ):
        open_dataset(folder)


def test_a_file_of_another_time_is_named(folder):
    os.utime(folder / "x_test.npy", ns=(5, 5))
    with pytest.raises(PreparedChangedError, match=r"x_test\.npy was modified"):
        open_dataset(folder)


def test_a_missing_file_is_named(folder):
    (folder / "x_train.npy").unlink()
    with pytest.raises(PreparedChangedError, match=r"x_train\.npy cannot be opened"):
        open_dataset(folder)


def test_a_file_with_garbage_of_the_right_size_and_time_is_named(folder):
    path = folder / "x_train.npy"
    status = path.stat()
    path.write_bytes(b"\0" * status.st_size)
    os.utime(path, ns=(status.st_mtime_ns, status.st_mtime_ns))
    with pytest.raises(PreparedChangedError, match=r"x_train\.npy cannot be opened"):
        open_dataset(folder)


def test_a_shape_that_differs_from_the_manifest_is_named(folder):
    edit(folder, lambda content: content["arrays"]["x_train"].update(shape=[9, 48]))
    with pytest.raises(
        PreparedChangedError, match=r"holds uint8 \(9, 4, 4, 3\), not uint8 \(9, 48\)"
    ):
        open_dataset(folder)


@pytest.mark.parametrize("version", [0, 2])
def test_another_manifest_version_is_refused_even_with_unknown_fields(folder, version):
    edit(folder, lambda content: content.update(version=version, new_field=1))
    with pytest.raises(OtherManifestVersionError, match=f"version {version}.*delete"):
        open_dataset(folder)


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(ManifestUnreadableError, match=r"manifest\.json cannot be read"):
        open_dataset(tmp_path / "nowhere")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", b'{"version": 1}'])
def test_a_manifest_that_is_garbage_is_refused(folder, text):
    (folder / "manifest.json").write_bytes(text)
    with pytest.raises(ManifestUnreadableError, match=r"manifest\.json cannot be read"):
        open_dataset(folder)


def test_an_unknown_field_or_missing_array_is_refused(folder):
    edit(folder, lambda content: content.update(extra=1))
    with pytest.raises(ManifestUnreadableError, match="extra"):
        open_dataset(folder)
    edit(folder, lambda content: (content.pop("extra"), content["arrays"].pop("y_test")))
    with pytest.raises(ManifestUnreadableError, match="y_test"):
        open_dataset(folder)


def test_opening_takes_under_50_ms(folder):
    def seconds():
        start = time.perf_counter()
        open_dataset(folder)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(3)) < 0.05


def test_a_fingerprint_changes_with_name_shape_type_and_hash_only():
    facts = ArrayFacts("x.npy", (2, 3), "uint8", "ab", 10, 20)
    base = fingerprint_of({"a": facts, "b": facts})
    moved = ArrayFacts("other.npy", (2, 3), "uint8", "ab", 11, 21)
    assert fingerprint_of({"b": moved, "a": facts}) == base
    others = [
        {"a": facts, "c": facts},
        {"a": facts, "b": ArrayFacts("x.npy", (3, 2), "uint8", "ab", 10, 20)},
        {"a": facts, "b": ArrayFacts("x.npy", (2, 3), "int8", "ab", 10, 20)},
        {"a": facts, "b": ArrayFacts("x.npy", (2, 3), "uint8", "cd", 10, 20)},
    ]
    assert len({base, *map(fingerprint_of, others)}) == 5
