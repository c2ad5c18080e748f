"""Cells: allowed values, readable ids, digests."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core import cell as cell_module
from bench.core.cell import BACKENDS, DEVICES, LANES, PRECISIONS, TASKS, Cell, CellError, digest

FIELDS: dict[str, Any] = {
    "workload": "lab_baseline",
    "dataset": "digits",
    "backend": "jax",
    "lane": "default",
    "precision": "float32",
    "batch_size": 16,
    "epochs": 5,
    "seed": 0,
    "device": "cpu",
    "limit_train": None,
    "limit_test": None,
    "task": "fit",
}
OTHER: dict[str, Any] = {
    "workload": "lab_deep",
    "dataset": "cifar10",
    "backend": "torch",
    "lane": "another lane",
    "precision": "mixed_bfloat16",
    "batch_size": 17,
    "epochs": 6,
    "seed": 1,
    "device": "gpu",
    "limit_train": 100,
    "limit_test": 50,
    "task": "predict",
}
FACTS: dict[str, Any] = {
    "workload_source": "a" * 64,
    "dataset_fingerprint": "b" * 64,
    "versions": {"keras": "3.15.1", "jax": "0.10.2"},
    "environment": {"JAX_PLATFORMS": "cpu", "OMP_NUM_THREADS": "2"},
}
OTHER_FACTS: dict[str, Any] = {
    "workload_source": "c" * 64,
    "dataset_fingerprint": "c" * 64,
    "versions": {"keras": "3.15.1", "jax": "0.10.3"},
    "environment": {"JAX_PLATFORMS": "cpu", "OMP_NUM_THREADS": "1"},
}
names = st.text(min_size=1, max_size=90).filter(str.strip)


def test_the_tables_of_this_file_cover_every_field():
    assert set(FIELDS) == set(OTHER) == set(Cell.__struct_fields__)


@pytest.mark.parametrize(
    ("field", "allowed"),
    [
        *(("backend", BACKENDS), ("lane", LANES), ("precision", PRECISIONS)),
        *(("device", DEVICES), ("task", TASKS)),
    ],
)
def test_a_choice_is_one_of_the_allowed_words_and_the_error_names_them(field, allowed):
    for value in allowed:
        assert getattr(Cell(**{**FIELDS, field: value}), field) == value
    with pytest.raises(CellError) as caught:
        Cell(**{**FIELDS, field: "other"})
    assert str(caught.value) == f"{field} is 'other'; allowed are {', '.join(allowed)}."


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [
        ("batch_size", 1, 1_000_000),
        ("epochs", 1, 100_000),
        ("seed", 0, 2**32 - 1),
        ("limit_train", 1, 1_000_000_000),
        ("limit_test", 1, 1_000_000_000),
    ],
)
def test_a_number_is_within_its_range_and_the_error_names_it(field, low, high):
    for value in (low, high):
        assert getattr(Cell(**{**FIELDS, field: value}), field) == value
    for value in (low - 1, high + 1, -5):
        with pytest.raises(CellError) as caught:
            Cell(**{**FIELDS, field: value})
        assert str(caught.value) == f"{field} is {value}; allowed is {low} to {high}."


@pytest.mark.parametrize("field", ["workload", "dataset"])
@pytest.mark.parametrize("value", ["", " ", "\t\n"])
def test_a_name_is_not_empty(field, value):
    with pytest.raises(CellError, match=f"^{field} is empty"):
        Cell(**{**FIELDS, field: value})


@pytest.mark.parametrize("field", ["workload", "dataset"])
def test_a_name_that_is_no_text_is_refused(field):
    with pytest.raises(CellError, match=f"^{field} .*not UTF-8"):
        Cell(**{**FIELDS, field: "from a shell: \udcff"})


def test_a_cell_never_changes():
    with pytest.raises(AttributeError):
        Cell(**FIELDS).seed = 1  # type: ignore[misc]


def test_the_id_of_a_cell_is_readable():
    assert Cell(**FIELDS).id == "lab_baseline-digits-jax-default-float32-b16-e5-s0-cpu"
    limited = Cell(**{**FIELDS, "limit_train": 100})
    assert limited.id == "lab_baseline-digits-jax-default-float32-b16-e5-s0-cpu-n100"
    inferred = Cell(**{**FIELDS, "limit_test": 50, "task": "predict"})
    assert inferred.id == "lab_baseline-digits-jax-default-float32-b16-e5-s0-cpu-t50-predict"


@pytest.mark.parametrize("field", OTHER)
def test_the_id_changes_with_every_field(field, monkeypatch):
    monkeypatch.setattr(cell_module, "LANES", (*LANES, OTHER["lane"]))
    assert Cell(**{**FIELDS, field: OTHER[field]}).id != Cell(**FIELDS).id


@given(names, names, names, names)
def test_ids_are_safe_as_file_names_and_unlike_names_give_unlike_ids(a, b, c, d):
    one = Cell(**{**FIELDS, "workload": a, "dataset": b})
    two = Cell(**{**FIELDS, "workload": c, "dataset": d})
    assert re.fullmatch(r"[A-Za-z0-9_.~-]{1,200}", one.id)
    assert (one.id == two.id) == (one == two)


def test_files_of_one_name_in_two_folders_have_unlike_ids():
    ids = {Cell(**{**FIELDS, "workload": f"/{x}/cnn.py:build"}).id for x in ("a", "b", "a-b")}
    assert len(ids) == 3
    assert all(text.startswith("cnn.py_build~") for text in ids)


@pytest.mark.parametrize("name", ["a-b", "a~b", "../../etc/passwd", "a\nb", "x" * 61, "ü", "a b"])
def test_a_name_that_had_to_be_changed_is_marked_with_a_hash(name):
    assert re.search(r"~[0-9a-f]{8}-", Cell(**{**FIELDS, "workload": name}).id)


def test_only_the_backend_is_left_out_of_the_comparison_key(monkeypatch):
    monkeypatch.setattr(cell_module, "LANES", (*LANES, OTHER["lane"]))
    key = Cell(**FIELDS).comparison_key
    same = [f for f in OTHER if Cell(**{**FIELDS, f: OTHER[f]}).comparison_key == key]
    assert same == ["backend"]


@pytest.mark.parametrize("field", OTHER)
def test_the_digest_changes_with_every_field_of_the_cell(field, monkeypatch):
    monkeypatch.setattr(cell_module, "LANES", (*LANES, OTHER["lane"]))
    changed = Cell(**{**FIELDS, field: OTHER[field]})
    assert digest(changed, **FACTS) != digest(Cell(**FIELDS), **FACTS)


@pytest.mark.parametrize("fact", FACTS)
def test_the_digest_changes_with_everything_else_it_is_given(fact):
    changed = {**FACTS, fact: OTHER_FACTS[fact]}
    assert digest(Cell(**FIELDS), **changed) != digest(Cell(**FIELDS), **FACTS)


def test_the_digest_changes_when_a_version_or_a_variable_disappears():
    for fact in ("versions", "environment"):
        changed = {**FACTS, fact: dict([*FACTS[fact].items()][:1])}
        assert digest(Cell(**FIELDS), **changed) != digest(Cell(**FIELDS), **FACTS)


def test_the_digest_changes_with_the_protocol(monkeypatch):
    before = digest(Cell(**FIELDS), **FACTS)
    monkeypatch.setattr(cell_module, "PROTOCOL_VERSION", cell_module.PROTOCOL_VERSION + 1)
    assert digest(Cell(**FIELDS), **FACTS) != before


def test_the_digest_does_not_depend_on_the_order_of_a_mapping():
    turned: dict[str, Any] = {
        name: dict(reversed(fact.items())) if isinstance(fact, dict) else fact
        for name, fact in FACTS.items()
    }
    assert digest(Cell(**FIELDS), **turned) == digest(Cell(**FIELDS), **FACTS)


def test_a_cell_from_json_is_checked_like_any_other():
    text = msgspec.json.encode({**FIELDS, "backend": "mxnet"})
    with pytest.raises(msgspec.ValidationError, match="backend is 'mxnet'; allowed are jax"):
        msgspec.json.decode(text, type=Cell)
    assert msgspec.json.decode(msgspec.json.encode(FIELDS), type=Cell) == Cell(**FIELDS)
