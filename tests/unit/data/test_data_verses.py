"""verses: windows of text from four books, whole chapters of which are for validation."""

import lzma

import numpy as np
import pytest

from data import verses
from data.dataset import open_dataset
from data.errors import MissingSourceError, SourceUnreadableError
from data.prepare import prepare


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(prepare("verses", cache_dir=tmp_path_factory.mktemp("cache")))


def text_of(window):
    return bytes(window).decode("ascii")


def use_text(monkeypatch, tmp_path, lines):
    path = tmp_path / "verses.txt.xz"
    path.write_bytes(lzma.compress("\n".join(lines).encode()))
    monkeypatch.setattr(verses, "_FILE", path)
    return path


def test_windows_of_128_bytes_are_split_by_whole_chapters(dataset):
    assert dataset.x_train.shape == (4576, 128) and dataset.x_test.shape == (1051, 128)
    assert dataset.x_train.dtype == np.uint8 and dataset.y_train.dtype == np.int64
    assert dataset.manifest.official and dataset.manifest.classes == 4


def test_the_bytes_are_the_same_everywhere(dataset):
    assert (
        dataset.manifest.fingerprint
        == "f1c4618298dbff92c41a7bef5429bfe099a188ba055f13c71c8e72b2a9be15fc"
    )


def test_every_window_is_ascii_text(dataset):
    values = np.unique(np.concatenate([dataset.x_train, dataset.x_test]))
    assert values.min() == ord("\n") and values.max() < 127


def test_every_book_is_in_both_halves(dataset):
    assert len(np.bincount(dataset.y_train)) == len(np.bincount(dataset.y_test)) == 4
    assert min(*np.bincount(dataset.y_train), *np.bincount(dataset.y_test)) > 100


def test_no_window_is_in_both_halves(dataset):
    train, test = ({bytes(w) for w in x} for x in (dataset.x_train, dataset.x_test))
    assert len(train) > 4500 and not train & test


def test_the_first_verse_is_of_the_first_book(dataset):
    words = "In the beginning God created the heaven and the earth."
    [row] = [i for i, window in enumerate(dataset.x_train) if text_of(window).startswith(words)]
    assert dataset.y_train[row] == 0


def test_windows_do_not_overlap_and_the_rest_is_not_used():
    text = "".join(chr(33 + i % 90) for i in range(300))
    found = verses.windows(text)
    assert found.shape == (2, 128) and text_of(found.ravel()) == text[:256]
    assert verses.windows(text[:127]).shape == (0, 128)


def test_a_chapter_is_a_book_a_number_and_its_verses_a_line_each():
    lines = ["Ge1:1 One.", "Ge1:2 Two: 3.", "Ge2:1 Three.", "Psa2:1 Four."]
    assert list(verses._chapters(lzma.compress("\n".join(lines).encode()))) == [
        (0, 1, "One.\nTwo: 3."),
        (0, 2, "Three."),
        (1, 2, "Four."),
    ]


def test_every_fifth_chapter_and_no_other_is_for_validation(tmp_path, monkeypatch):
    chapters = [(book, number) for book in verses.BOOKS for number in range(1, 12)]
    marks = {chapter: chr(40 + index) for index, chapter in enumerate(chapters)}
    lines = [f"{book}{n}:{v} {marks[book, n] * 100}" for book, n in chapters for v in (1, 2, 3)]
    use_text(monkeypatch, tmp_path, lines)
    small = open_dataset(prepare("verses", cache_dir=tmp_path))
    for x, y, fifth in ((small.x_train, small.y_train, False), (small.x_test, small.y_test, True)):
        found = sorted((int(book), text_of(window)[0]) for window, book in zip(x, y, strict=True))
        expected = [
            (verses.BOOKS.index(book), mark)
            for (book, number), mark in marks.items()
            if (number % 5 == 0) is fifth
        ]
        assert found == sorted(expected * 2)  # of 302 bytes a chapter, two windows


def test_a_changed_text_is_another_dataset(tmp_path, monkeypatch):
    use_text(monkeypatch, tmp_path, ["Ge1:1 One."])
    first = verses.verses_source().key
    use_text(monkeypatch, tmp_path, ["Ge1:1 Two."])
    assert verses.verses_source().key != first


def test_a_missing_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(verses, "_FILE", tmp_path / "verses.txt.xz")
    with pytest.raises(
        MissingSourceError, match=r"verses\.txt\.xz is missing; it belongs to the chec"
    ):
        prepare("verses", cache_dir=tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(verses, "_FILE", tmp_path)
    with pytest.raises(SourceUnreadableError, match=f"{tmp_path} cannot be read"):
        prepare("verses", cache_dir=tmp_path)


DAMAGED = {
    "empty": b"",
    "another format": b"Ge1:1 One.",
    "cut": lzma.compress(b"Ge1:1 One.")[:-3],
    "no verse": lzma.compress(b"Ge1:1 One.\nhello\n"),
    "no ascii": lzma.compress("Ge1:1 Öne.".encode()),
    "another book": lzma.compress(b"Foo1:1 One."),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_is_named(tmp_path, monkeypatch, kind):
    path = tmp_path / "verses.txt.xz"
    path.write_bytes(DAMAGED[kind])
    monkeypatch.setattr(verses, "_FILE", path)
    with pytest.raises(
        SourceUnreadableError, match=r"verses\.txt\.xz is damaged .*check it out again"
    ):
        prepare("verses", cache_dir=tmp_path)
