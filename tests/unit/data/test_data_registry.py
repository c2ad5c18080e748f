"""The catalogue's names: which family, which options, which place; and that prepare knows all."""

import numpy as np
import pytest

from data.errors import BadOptionError, DataError, UnknownDatasetError
from data.prepare import find_source
from data.registry import DATASETS, USER_DATASETS, parse_name, resolve_dataset
from tests.fixtures.data_places import npz_of

FAMILIES = "cifar10, cifar100, digits, fashion_mnist, mnist, ratings, synthetic, verses"


def test_the_catalogue_is_in_the_order_of_the_alphabet_and_a_line_each():
    assert ", ".join(DATASETS) == FAMILIES
    assert list(USER_DATASETS) == ["npz:PATH", "images:FOLDER[@HxW]", "FILE.py:FUNCTION"]
    assert all(
        0 < len(line) < 90 and "\n" not in line for line in (DATASETS | USER_DATASETS).values()
    )


@pytest.mark.parametrize("name", list(DATASETS))
def test_a_bare_name_is_its_family(name):
    assert parse_name(name) == (name, "")


@pytest.mark.parametrize(
    ("name", "parsed"),
    [
        ("synthetic:seed=1", ("synthetic", "seed=1")),
        ("npz:a/b.npz", ("npz", "a/b.npz")),
        ("npz:a:b.npz", ("npz", "a:b.npz")),
        ("images:pets@32x32", ("images", "pets@32x32")),
        ("own.py:make", ("function", "own.py:make")),
        ("/a:b/own.py:make", ("function", "/a:b/own.py:make")),
        ("own.py:", ("function", "own.py:")),
    ],
)
def test_what_follows_the_family_is_its_rest(name, parsed):
    assert parse_name(name) == parsed


@pytest.mark.parametrize("name", ["", ":", "own.py", "own:make", "NPZ:a.npz"])
def test_an_unknown_name_is_answered_with_all_that_are_allowed(name):
    check_refusal(name, "")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("MNIST", "mnist"), ("mnist ", "mnist"), ("cifar", "cifar10"), ("cifar10/..", "cifar10")],
)
def test_a_mistyped_name_is_answered_with_the_nearest_one_too(name, nearest):
    check_refusal(name, f"did you mean {nearest!r}? ")


def check_refusal(name, suggestion):
    with pytest.raises(UnknownDatasetError) as caught:
        parse_name(name)
    family = name.partition(":")[0]
    allowed = f"{FAMILIES}, npz:PATH, images:FOLDER[@HxW], FILE.py:FUNCTION"
    assert (
        str(caught.value) == f"There is no dataset {family!r}; {suggestion}allowed are {allowed}."
    )


@pytest.mark.parametrize("name", [name for name in DATASETS if name != "synthetic"])
@pytest.mark.parametrize("options", ["", "seed=1"])
def test_a_dataset_without_options_refuses_them(name, options):
    sentence = f"The dataset {name} takes no options, but '{name}:{options}' has '{options}'"
    with pytest.raises(BadOptionError, match=sentence):
        parse_name(f"{name}:{options}")


@pytest.mark.parametrize("name", ["npz", "npz:", "images", "images:"])
def test_own_data_without_a_place_is_told_how_to_name_one(name):
    with pytest.raises(
        BadOptionError, match=rf"'{name}' has no path; it must be (npz|images):PATH"
    ):
        parse_name(name)


@pytest.mark.parametrize(
    ("name", "resolved"),
    [
        ("npz:mine.npz", "npz:{here}/mine.npz"),
        ("npz:../mine.npz", "npz:{parent}/mine.npz"),
        ("npz:~/mine.npz", "npz:{home}/mine.npz"),
        ("npz:/a/../mine.npz", "npz:/mine.npz"),
        ("images:pets", "images:{here}/pets"),
        ("images:pets/@8x9", "images:{here}/pets/@8x9"),
        ("images:~/pets@8x9", "images:{home}/pets@8x9"),
        ("own.py:make", "{here}/own.py:make"),
        ("~/own.py:make", "{home}/own.py:make"),
    ],
)
def test_the_place_of_own_data_is_made_absolute(tmp_path, monkeypatch, name, resolved):
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(home))
    expected = resolved.format(here=here, home=home, parent=tmp_path)
    assert resolve_dataset(name) == expected
    assert resolve_dataset(expected) == expected


@pytest.mark.parametrize(
    "name",
    [
        *DATASETS,
        "synthetic:shape=4x4,seed=1",
        "nothing",
        "npz",
        "npz:",
        "digits:seed=1",
        "npz:~no.such.user/mine.npz",
        "npz:a\0b",
    ],
)
def test_any_other_name_and_any_mistake_stays_as_it_is(name):
    assert resolve_dataset(name) == name


@pytest.mark.parametrize("name", list(DATASETS))
def test_every_dataset_of_the_catalogue_has_a_source_and_reads_nothing_yet(name, tmp_path):
    source = find_source(name, None, tmp_path)
    assert source.name.partition(":")[0] == name and source.official
    assert source.classes and source.classes >= 2
    assert source.key.replace("-", "").isalnum() and list(tmp_path.iterdir()) == []


def test_every_kind_of_own_data_has_a_source_too(tmp_path):
    (tmp_path / "mine.npz").write_bytes(npz_of(x=np.zeros(3), y=np.zeros(3)))
    (tmp_path / "own.py").write_text("def make(): ...\n")
    for path in ("pets/cat/1.png", "pets/cat/2.png", "pets/dog/1.png", "pets/dog/2.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    names = (f"npz:{tmp_path}/mine.npz", f"images:{tmp_path}/pets@8x9", f"{tmp_path}/own.py:make")
    for name, classes in zip(names, (None, 2, None), strict=True):
        source = find_source(name, None, tmp_path)
        assert source.name == name == resolve_dataset(name)
        assert source.classes == classes and not source.official
        assert source.key.replace("-", "").isalnum()


def test_no_dataset_but_the_synthetic_one_may_end_in_a_colon(tmp_path):
    with pytest.raises(BadOptionError, match=r"no option ''.* allowed ones are shape"):
        find_source("synthetic:", None, tmp_path)


def test_a_path_with_a_zero_byte_is_one_sentence(tmp_path):
    for name in ("npz:a\0b", "images:a\0b", "a\0b.py:make"):
        with pytest.raises(DataError):
            find_source(name, None, tmp_path)
