"""images:FOLDER[@HxW], a user's pictures: classes, halves, sizes and colours."""

import os
import sys

import numpy as np
import pytest

from data.dataset import open_dataset
from data.errors import BadOptionError, MissingSourceError, SourceUnreadableError, WrongArraysError
from data.prepare import find_source, prepare

Image = pytest.importorskip("PIL.Image")

RED, BLUE = (255, 0, 0), (0, 0, 255)


def draw(path, colour=RED, size=(4, 4), mode="RGB"):
    """Save a picture of one colour; `size` is height and width, as in a dataset's name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size[::-1], colour).convert(mode).save(path)


@pytest.fixture
def split(tmp_path):
    """A folder with 5 pictures of the class dog and 10 of the class cat."""
    folder = tmp_path / "pets"
    for number in range(5):
        draw(folder / "dog" / f"{number}.png", RED)
    for number in range(10):
        draw(folder / "cat" / f"{number}.png", (0, number, 255))
    return folder


@pytest.fixture
def halves(tmp_path):
    """A folder with train/ and test/, and a dog and a cat in each."""
    folder = tmp_path / "pets"
    for half in ("train", "test"):
        draw(folder / half / "dog" / "1.png", RED)
        draw(folder / half / "cat" / "2.png", BLUE)
    return folder


def prepared(name, tmp_path):
    return prepare(f"images:{name}", cache_dir=tmp_path / "cache")


def opened(name, tmp_path):
    return open_dataset(prepared(name, tmp_path))


def refused(name, tmp_path, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        prepared(name, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_fifth_of_each_class_is_for_validation(split, tmp_path):
    dataset = opened(split, tmp_path)
    assert dataset.x_train.shape == (12, 4, 4, 3) and dataset.x_test.shape == (3, 4, 4, 3)
    assert dataset.x_train.dtype == np.uint8 and dataset.y_train.dtype == np.int64
    assert list(np.bincount(dataset.y_train)) == [8, 4]
    assert list(np.bincount(dataset.y_test)) == [2, 1]
    seen = [*dataset.x_train[:8, 0, 0, 1], *dataset.x_test[:2, 0, 0, 1]]
    assert sorted(seen) == list(range(10))


def test_classes_have_their_ids_in_the_order_of_their_names(split, tmp_path):
    dataset = opened(split, tmp_path)
    assert dataset.manifest.classes == 2 and dataset.manifest.official is False
    assert dataset.manifest.source == "a user's pictures (pets: cat, dog)"
    assert np.all(dataset.x_train[dataset.y_train == 1] == np.array(RED))


def test_folders_train_and_test_are_the_halves(halves, tmp_path):
    dataset = opened(halves, tmp_path)
    assert list(dataset.y_train) == list(dataset.y_test) == [0, 1]
    assert tuple(dataset.x_test[1, 0, 0]) == RED and tuple(dataset.x_test[0, 0, 0]) == BLUE


@pytest.mark.parametrize(
    ("mode", "ending"),
    [("L", "png"), ("P", "png"), ("P", "gif"), ("RGBA", "png"), ("1", "bmp"), ("CMYK", "jpg")],
)
def test_pictures_of_other_modes_become_rgb(halves, tmp_path, mode, ending):
    draw(halves / "train" / "cat" / f"1.{ending}", (255, 255, 255), mode=mode)
    dataset = opened(halves, tmp_path)
    assert dataset.x_train.shape == (3, 4, 4, 3)
    assert np.all(dataset.x_train[0] >= 250)


def test_a_palette_gives_its_colours_and_not_its_indices(halves, tmp_path):
    draw(halves / "train" / "cat" / "1.png", (255, 0, 0), mode="P")
    red, green, blue = opened(halves, tmp_path).x_train[0, 0, 0]
    assert red > 200 and green < 50 and blue < 50


def test_pictures_of_other_sizes_are_named_with_the_way_out(halves, tmp_path):
    draw(halves / "test" / "cat" / "9.png", size=(5, 7))
    sentence = r"test/cat/9\.png is 5x7, not 4x4 like the first one; images:FOLDER@4x4 scales all"
    refused(halves, tmp_path, WrongArraysError, sentence)
    assert opened(f"{halves}@4x4", tmp_path).x_test.shape == (3, 4, 4, 3)


def test_the_size_is_height_by_width_and_part_of_the_datasets_name(halves, tmp_path):
    dataset = opened(f"{halves}@2x6", tmp_path)
    assert dataset.x_train.shape == (2, 2, 6, 3)
    assert dataset.manifest.name == f"images:{halves}@2x6"
    assert tuple(dataset.x_train[1, 1, 5]) == RED
    assert prepared(f"{halves}@2x6", tmp_path) != prepared(halves, tmp_path)


@pytest.mark.parametrize("size", ["0x4", "4x0", "4097x4", "99999x99999"])
def test_a_size_out_of_range_is_answered_with_the_range(halves, tmp_path, size):
    refused(f"{halves}@{size}", tmp_path, BadOptionError, f"@{size} is not from 1x1 to 4096x4096")


@pytest.mark.parametrize("size", ["4", "4x", "axb", "4x4x3", "-1x4"])
def test_what_is_no_size_is_taken_for_the_folders_name(halves, tmp_path, size):
    refused(f"{halves}@{size}", tmp_path, MissingSourceError, f"pets@{size} is not a folder")


def test_one_class_alone_is_refused(split, halves, tmp_path):
    for picture in (split / "cat").iterdir():
        picture.unlink()
    for half in ("train", "test"):
        (halves / half / "cat" / "2.png").unlink()
    sentence = r"has 1 folders with pictures \(\.bmp, .*\), where one per class, at least two, are"
    refused(halves, tmp_path, WrongArraysError, sentence)


def test_a_folder_without_pictures_is_refused(tmp_path):
    refused(tmp_path, tmp_path, WrongArraysError, "has 0 folders with pictures.* at least two, are")


@pytest.mark.parametrize("half", ["train", "test"])
def test_a_class_in_one_half_alone_is_named(halves, tmp_path, half):
    draw(halves / half / "emu" / "1.png")
    refused(
        halves, tmp_path, WrongArraysError, "pets: the class emu is in only one of train and test"
    )


def test_a_class_of_one_picture_cannot_be_split(split, tmp_path):
    draw(split / "emu" / "1.png")
    refused(
        split, tmp_path, WrongArraysError, "class emu has one picture; to be split it needs two"
    )


@pytest.mark.parametrize("kind", ["text", "empty", "cut"])
def test_a_broken_picture_is_named(halves, tmp_path, kind):
    path = halves / "train" / "dog" / "1.png"
    good = path.read_bytes()
    path.write_bytes({"text": b"<html>", "empty": b"", "cut": good[: len(good) // 2]}[kind])
    refused(
        halves, tmp_path, SourceUnreadableError, r"train/dog/1\.png is no picture that can be read"
    )


def test_a_picture_too_large_to_be_safe_is_named(halves, tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)
    refused(
        halves, tmp_path, SourceUnreadableError, r"cat/2\.png is no picture .*decompression bomb"
    )


def test_hidden_folders_and_files_that_are_no_pictures_are_ignored(split, tmp_path):
    first = prepared(split, tmp_path)
    for name in (".git/1.png", "cat/._1.png", "cat/notes.txt", "cat/deeper/1.png", "texts/1.txt"):
        path = split / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"no picture")
    draw(split / "1.png")
    assert prepared(split, tmp_path) == first


def test_endings_are_known_in_capitals_too(halves, tmp_path):
    (halves / "test" / "dog" / "1.png").rename(halves / "test" / "dog" / "1.PNG")
    assert opened(halves, tmp_path).x_test.shape == (2, 4, 4, 3)


def test_a_changed_an_added_and_a_moved_picture_are_prepared_anew(split, tmp_path):
    folders = [prepared(split, tmp_path)]
    assert prepared(split, tmp_path) == folders[0]
    os.utime(split / "cat" / "1.png", ns=(9, 9))
    folders.append(prepared(split, tmp_path))
    draw(split / "cat" / "99.png")
    folders.append(prepared(split, tmp_path))
    (split / "cat" / "99.png").rename(split / "dog" / "99.png")
    folders.append(prepared(split, tmp_path))
    assert len(set(folders)) == 4


def test_a_missing_folder_or_a_file_is_named_with_what_is_expected(tmp_path):
    (tmp_path / "file").touch()
    sentence = "is not a folder; images:FOLDER has a folder per class"
    refused(tmp_path / "nothing", tmp_path, MissingSourceError, f"nothing {sentence}")
    refused(tmp_path / "file", tmp_path, MissingSourceError, f"file {sentence}")


def test_a_name_too_long_for_a_folder_is_one_sentence(tmp_path):
    refused(
        tmp_path / ("n" * 300), tmp_path, SourceUnreadableError, r"cannot be read \(File name too"
    )


def test_the_home_of_an_unknown_user_is_one_sentence(tmp_path):
    refused(
        "~no.such.user@4x4",
        tmp_path,
        MissingSourceError,
        r"cannot be found \(Could not determine home",
    )


def test_a_picture_gone_after_it_was_found_is_named(halves, tmp_path):
    source = find_source(f"images:{halves}", None, tmp_path)
    (halves / "test" / "cat" / "2.png").unlink()
    with pytest.raises(
        SourceUnreadableError, match=r"test/cat/2\.png is no picture .*No such file"
    ):
        source.read()


def test_without_pillow_it_is_named_as_what_is_missing(halves, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    sentence = r"2\.png cannot be read without Pillow; pip install pillow"
    refused(halves, tmp_path, SourceUnreadableError, sentence)
