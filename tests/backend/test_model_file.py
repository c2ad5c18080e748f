"""Whatever a model's file may have trains as a user's own call of `fit` does, on each backend.

One process of each backend trains all files of `kinds`, as a worker and as plain Keras.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.core.cell import BACKENDS
from tests.backend.refused_files import REFUSED
from tests.fixtures.kinds import KINDS, Found


def fits_of(result: Found) -> list[list[Found]]:
    """Return the epochs of each `fit` in a result."""
    phases = [phase for phase in result["phases"] if phase["method"] == "fit"]
    return [phase["epochs"] for phase in phases] or [result["epochs"]]


def as_logs(columns: dict[str, list[Any]]) -> list[dict[str, float]]:
    """Return the logs of each epoch in a history of Keras; an array has a log for each element.

    A metric of validation that is not in every epoch is that of the last ones.
    """
    length = max(map(len, columns.values()))
    logs: list[dict[str, float]] = [{} for _ in range(length)]
    for name, values in columns.items():
        for each, value in zip(logs[length - len(values) :], values, strict=True):
            elements = enumerate(value) if isinstance(value, list) else ()
            each |= {f"{name}[{i}]": v for i, v in elements} or {name: value}
    return logs


@pytest.mark.parametrize(("backend", "kind"), [(b, kind) for b in BACKENDS for kind in KINDS[b]])
def test_every_log_of_every_epoch_is_that_of_plain_keras(
    trained: Callable[[str], Found], backend: str, kind: str
) -> None:
    found = trained(backend)["kinds"][kind]
    fits = fits_of(found["result"])
    assert len(fits) == len(found["plain"])
    for epochs, columns in zip(fits, found["plain"], strict=True):
        wanted = as_logs(columns)
        assert len(epochs) == len(wanted)
        for epoch, logs in zip(epochs, wanted, strict=True):
            assert list(epoch["logs"]) == list(logs)
            assert epoch["logs"] == pytest.approx(logs, rel=1e-6, abs=1e-9)
            assert all(math.isfinite(value) for value in logs.values())


@pytest.fixture
def result(trained: Callable[[str], Found]) -> Callable[[str, str], Found]:
    """Return a function that gives the result of a kind on a backend."""

    def of(backend: str, kind: str) -> Found:
        found: Found = trained(backend)["kinds"][kind]["result"]
        return found

    return of


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("column_targets", "loss mae"),
        ("counts", "loss"),
        ("focal_loss", "loss sparse_categorical_accuracy"),
        ("gan", "d_loss g_loss"),
        ("vae", "total_loss kl_loss"),
        ("sample_weight", "loss mae mse"),
    ],
)
def test_the_logs_have_the_names_of_the_users_metrics(
    result: Callable[[str, str], Found], backend: str, kind: str, names: str
) -> None:
    for epoch in result(backend, kind)["epochs"]:
        assert sorted(n for n in epoch["logs"] if not n.startswith("val_")) == sorted(names.split())


@pytest.mark.parametrize("backend", BACKENDS)
def test_several_outputs_keep_all_their_metrics(
    result: Callable[[str, str], Found], backend: str
) -> None:
    logs = result(backend, "several_outputs")["epochs"][-1]["logs"]
    wanted = {"kind_auc", "kind_top_k_categorical_accuracy", "kind_f1_score[7]", "size_mae"}
    wanted |= {"loss", "kind_loss", "size_loss", "size_root_mean_squared_error"}
    assert wanted | {f"val_{name}" for name in wanted} <= set(logs)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("kind", "form", "epochs", "images"),
    [
        ("column_targets", "as given", 2, [32, 16]),
        ("counts", "as given", 2, [32, 16]),
        ("focal_loss", "as given", 2, [32, 16]),
        ("several_outputs", "as given", 2, [32, 16]),
        ("gan", "as given", 2, [32, None]),
        ("vae", "as given", 2, [32, 16]),
        ("validation_split", "as given", 2, [24, 8]),
        ("no_validation", "one-hot", 2, [32, None]),
        ("py_dataset", "as given", 2, [None, None]),
        ("generator", "as given", 2, [None, None]),
    ],
)
def test_the_form_of_the_targets_and_the_numbers_of_images_are_recorded(
    result: Callable[[str, str], Found],
    backend: str,
    kind: str,
    form: str,
    epochs: int,
    images: list[int | None],
) -> None:
    found = result(backend, kind)
    assert found["settings"]["target_form"] == form
    assert len(found["epochs"]) == epochs
    assert [found["train_images"], found["validation_images"]] == images
    assert not found["stopped_early"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_early_stopping_is_a_fact_and_no_failure(
    result: Callable[[str, str], Found], backend: str
) -> None:
    found = result(backend, "early_stopping")
    assert (len(found["epochs"]), found["stopped_early"]) == (2, True)
    assert found["settings"]["file_functions"] == "data, callbacks"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_model_that_is_never_built_has_no_count_and_the_reason(
    result: Callable[[str, str], Found], backend: str
) -> None:
    found = result(backend, "gan")
    if backend == "tensorflow":
        assert (found["parameters"], found["trainable_parameters"]) == (None, None)
        assert found["uncounted_reason"].startswith("GAN counts no parameters: ")
    else:  # the others build a model before its first step, which the file declares as done
        assert (found["parameters"], found["uncounted_reason"]) == (11, None)
    assert result(backend, "scheduled_rate")["parameters"] == 3 + 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_steps_are_those_of_the_users_epochs(
    result: Callable[[str, str], Found], backend: str
) -> None:
    assert [e["steps"] for e in result(backend, "generator")["epochs"]] == [5, 5]
    assert [e["steps"] for e in result(backend, "py_dataset")["epochs"]] == [6, 6]
    assert [e["steps"] for e in result(backend, "validation_split")["epochs"]] == [3, 3]
    validated = [
        e["validation_seconds"] is not None for e in result(backend, "generator")["epochs"]
    ]
    assert validated == [False, True]


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_steps_in_one_execution_are_counted_one_by_one(
    result: Callable[[str, str], Found], backend: str
) -> None:
    found = result(backend, "several_steps")
    assert found["settings"]["steps_per_execution"] == 4
    assert [epoch["steps"] for epoch in found["epochs"]] == [10, 10]
    assert [epoch["first_steps"] for epoch in found["epochs"]] == [4, 4]


@pytest.mark.parametrize("backend", BACKENDS)
def test_fine_tuning_is_measured_in_phases(
    result: Callable[[str, str], Found], backend: str
) -> None:
    found = result(backend, "two_phases")
    phases = [phase for phase in found["phases"] if phase["method"] != "script"]
    assert [phase["name"] for phase in phases] == ["fit", "fit 2", "evaluate"]
    assert [len(phase["epochs"]) for phase in phases] == [2, 3, 1]
    lines = (Path(__file__).with_name("kinds") / "two_phases.py").read_text().splitlines()
    called = [lines[phase["line"] - 1].strip() for phase in phases]
    assert called[0].startswith("first = model.fit(") and called[1].startswith("second = model.fit")
    assert called[2].startswith("model.evaluate(")
    assert [phase["trainable_parameters"] for phase in phases[:2]] == [5, 21]
    assert list(phases[1]["epochs"][0]["logs"]) == ["loss", "val_loss", "learning_rate"]
    assert found["epochs"] == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_first_weights_are_those_of_the_file(
    result: Callable[[str, str], Found], backend: str
) -> None:
    found = result(backend, "first_weights")
    assert len(found["weights_sha256"]) == 64
    # The weights of the file are 2 and fit to 1; those of the builder fit exactly.
    assert found["epochs"][0]["logs"]["loss"] > 1


@pytest.mark.parametrize(
    ("backend", "kind", "adapter"),
    [
        *((backend, "py_dataset", "Lines") for backend in BACKENDS),
        *((backend, "generator", "generator") for backend in BACKENDS),
        *((backend, "counts", "ArrayDataAdapter") for backend in BACKENDS),
        ("torch", "data_loader", "DataLoader"),
    ],
)
def test_what_makes_the_batches_is_recorded(
    result: Callable[[str, str], Found], backend: str, kind: str, adapter: str
) -> None:
    assert result(backend, kind)["settings"]["data_adapter"] == adapter


def test_tf_data_is_recorded_as_such(result: Callable[[str, str], Found]) -> None:
    assert result("tensorflow", "tf_data")["settings"]["data_adapter"].endswith("Dataset")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", REFUSED)
def test_a_mistake_ends_in_its_sentence(
    trained: Callable[[str], Found], backend: str, name: str
) -> None:
    assert REFUSED[name].sentence in trained(backend)["refused"][name]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_examples_of_the_page_train(trained: Callable[[str], Found], backend: str) -> None:
    examples = trained(backend)["examples"]
    assert 0 < len(examples["my_regression"]["epochs"]) <= 20
    fits = [len(epochs) for epochs in fits_of(examples["my_fine_tuning"])]
    assert fits == [3, 1]
    text = examples["my_text"]
    if backend == "tensorflow":
        assert len(text["epochs"]) == 2
    else:
        reason = "needs tensorflow, which is not installed here; --with-tensorflow adds it"
        assert text == f"ImportError: {reason}"
