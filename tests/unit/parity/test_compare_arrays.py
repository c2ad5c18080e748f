"""From dumps to verdicts: what float32 explains is certified, and nothing else is."""

from typing import Any

import numpy as np
import pytest

from bench.core.cell import BACKENDS
from bench.parity.certificate import judge_quantities
from bench.parity.compare import compare_backends
from bench.parity.messages import Precision, WorkerArrays
from bench.parity.quantity import FLOOR, MULTIPLE, ComparedQuantity, bound, rounding_error
from bench.stats.norms import error_of
from tests.fixtures.dumps import ULP, judge, make_arrays, make_dumps, rounded


def test_rounding_alone_is_certified_and_every_stage_is_counted() -> None:
    found = judge(make_dumps())
    assert {verdict.text for verdict in found.values()} == {"certified"}
    assert list(found) == [("jax", "tensorflow"), ("jax", "torch"), ("tensorflow", "torch")]
    # The structure, 3 outputs, a loss, a gradient, an update, 3 at the end; each of 10 steps in
    # float64 and on both backends.
    assert {verdict.quantities for verdict in found.values()} == {40}
    assert all(
        v.max_bound_fraction is not None and 0 < v.max_bound_fraction < 1 for v in found.values()
    )


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("inference/001:head", "inference"),
        ("training/000:first", "training"),
        ("loss/000:loss", "loss"),
        ("gradient/000:first/kernel", "gradient"),
        ("update/000:first/kernel", "update"),
        ("steps/000:loss", "steps"),
    ],
)
def test_half_precision_of_one_quantity_on_one_backend_is_found(name: str, stage: str) -> None:
    arrays = rounded(make_arrays(), 2)
    arrays[name] = arrays[name] * (1 + 2.0**-9)
    found = judge(make_dumps(torch=arrays))
    assert found["jax", "tensorflow"].verdict == "certified"
    for pair in (("jax", "torch"), ("tensorflow", "torch")):
        assert (found[pair].verdict, found[pair].stage) == ("differs", stage)
        assert found[pair].name in (
            "head",
            "first",
            "loss",
            "first/kernel",
            "loss of step 1 on torch",
        )


def test_another_function_is_found_although_each_backend_agrees_with_itself() -> None:
    dumps = make_dumps()
    other = make_arrays()
    other["inference/000:first"] = other["inference/000:first"] * 1.0001
    dumps["jax", "float64"] = WorkerArrays(dict(other))
    dumps["jax", "float32"] = WorkerArrays(rounded(other, 5))
    found = judge(dumps)
    assert found["jax", "torch"].text.startswith("differs: inference first by ")
    assert found["tensorflow", "torch"].verdict == "certified"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_differs(value: float) -> None:
    arrays = rounded(make_arrays(), 1)
    arrays["gradient/000:first/kernel"] = np.full((8, 4), value)
    found = judge(make_dumps(jax=arrays))
    assert found["jax", "torch"].stage == "gradient"
    assert found["jax", "torch"].max_bound_fraction is None


def test_of_gradients_the_one_nearest_to_the_loss_is_named() -> None:
    """They are computed backwards: what is wrong with one is wrong with those of earlier layers."""
    right = make_arrays() | {
        f"gradient/00{n}:{name}": np.full(3, 0.1) for n, name in enumerate("abc")
    }
    wrong = right | {name: 2 * right[name] for name in ("gradient/000:a", "gradient/001:b")}
    dumps = {}
    for number, backend in enumerate(BACKENDS):
        arrays = wrong if backend == "torch" else right
        dumps[backend, "float64"] = WorkerArrays(dict(arrays))
        dumps[backend, "float32"] = WorkerArrays(rounded(arrays, number))
    found = judge(dumps)
    assert (found["jax", "torch"].stage, found["jax", "torch"].name) == ("gradient", "b")
    assert found["jax", "tensorflow"].verdict == "certified"


def test_what_no_backend_can_compute_is_not_certified() -> None:
    whole = make_arrays() | {"loss/000:loss": np.float64(np.nan)}
    dumps: dict[tuple[str, Precision], WorkerArrays] = {
        (backend, "float64"): WorkerArrays(dict(whole)) for backend in BACKENDS
    }
    dumps |= {(b, "float32"): WorkerArrays(rounded(whole, n)) for n, b in enumerate(BACKENDS)}
    for verdict in judge_quantities(compare_backends(dumps, BACKENDS)):
        assert (verdict.verdict, verdict.stage, verdict.max_bound_fraction) == (
            "differs",
            "loss",
            None,
        )


def test_another_function_is_named_before_rounding_that_comes_earlier() -> None:
    half = make_arrays()
    half["inference/000:first"] = half["inference/000:first"] + 1e-3
    dumps = make_dumps(jax=rounded(half, 0))
    verdicts = judge_quantities(compare_backends(dumps, BACKENDS))
    assert [(v.name, "by rounding alone where" in v.text) for v in verdicts[:2]] == [
        ("first", True),
        ("first", True),
    ]
    other = make_arrays()
    other["loss/000:loss"] = np.float64(2.4)
    dumps["jax", "float64"] = WorkerArrays(other)
    verdicts = judge_quantities(compare_backends(dumps, BACKENDS))
    assert [(v.name, "rounding" in v.text) for v in verdicts[:2]] == [("loss", False)] * 2


def test_two_shapes_of_one_layer_differ_in_structure() -> None:
    dumps = make_dumps()
    for precision in ("float32", "float64"):
        arrays = rounded(make_arrays(), 7)
        arrays["structure/001:output of first"] = np.array([16, 6])
        dumps["torch", precision] = WorkerArrays(arrays)
    text = judge(dumps)["jax", "torch"].text
    assert text == "differs: structure output of first by shape (16, 4) on jax is (16, 6) on torch"


def test_a_layer_too_many_differs_in_structure() -> None:
    dumps = make_dumps()
    for precision in ("float32", "float64"):
        arrays = rounded(make_arrays(), 7)
        arrays["structure/003:output of more"] = np.array([16, 4])
        dumps["torch", precision] = WorkerArrays(arrays)
    text = judge(dumps)["jax", "torch"].text
    assert text.endswith("by nothing on jax is output of more on torch")


def test_a_gradient_of_which_few_rows_are_more_than_zero_is_held_to_its_own_rounding() -> None:
    """Of an embedding's gradient only the rows that a batch reads are more than zero."""
    rows = make_arrays() | {"gradient/001:table": np.eye(64)[:, :1] * np.ones(4)}
    dumps = {}
    for number, backend in enumerate(BACKENDS):
        dumps[backend, "float64"] = WorkerArrays(dict(rows))
        dumps[backend, "float32"] = WorkerArrays(rounded(rows, number, ulps=20.0))
    assert {found.verdict for found in judge(dumps).values()} == {"certified"}
    wrong = rounded(rows, 2)
    wrong["gradient/001:table"] = rows["gradient/001:table"] * (1 + 1e-3)
    assert (
        judge(dumps | {("torch", "float32"): WorkerArrays(wrong)})["jax", "torch"].name == "table"
    )


def test_the_precision_of_a_gradient_that_is_truly_zero_is_not_judged() -> None:
    """Of a bias before BatchNormalization float32 has noise alone, on one backend more of it."""
    kernel = "gradient/000:first/kernel"

    def noise(number: int, precision: str) -> Any:
        size = 1e-8 * 9**number if precision == "float32" else 1e-17
        return size * np.random.default_rng(number).normal(size=(8, 4))

    dumps = {
        (backend, precision): WorkerArrays({**arrays, kernel: noise(number, precision)})
        for number, backend in enumerate(BACKENDS)
        for precision, arrays in (
            ("float32", rounded(make_arrays(), number)),
            ("float64", make_arrays()),
        )
    }
    assert {found.verdict for found in judge(dumps).values()} == {"certified"}
    # On PyTorch it does move something.
    dumps["torch", "float64"] = WorkerArrays({**make_arrays(), kernel: np.full((8, 4), 1e-3)})
    found = judge(dumps)
    assert found["jax", "tensorflow"].verdict == "certified"
    assert (found["jax", "torch"].verdict, found["jax", "torch"].stage) == ("differs", "gradient")


def test_an_update_counts_only_where_its_gradient_is_more_than_rounding() -> None:
    """Adam's first step is the sign of a gradient: of a true zero it is that of its rounding."""
    dumps = make_dumps()
    for number, backend in enumerate(BACKENDS):
        for precision in ("float32", "float64"):
            arrays = rounded(make_arrays(), number) if precision == "float32" else make_arrays()
            gradient = np.array(arrays["gradient/000:first/kernel"])
            update = np.array(arrays["update/000:first/kernel"])
            gradient[0] = 1e-9 * (number - 1) if precision == "float32" else 0.0
            update[0] = 1e-3 * (number - 1) if precision == "float32" else 0.0
            changed = {"gradient/000:first/kernel": gradient, "update/000:first/kernel": update}
            dumps[backend, precision] = WorkerArrays({**arrays, **changed})
    assert {verdict.text for verdict in judge(dumps).values()} == {"certified"}


def test_a_rare_jump_of_a_trajectory_is_rounding_if_it_jumps_in_another_order_too() -> None:
    arrays = rounded(make_arrays(), 3)
    jump = np.zeros(10)
    jump[8:] = 1e-4
    arrays["steps/000:loss"] = arrays["steps/000:loss"] + jump
    assert judge(make_dumps(jax=arrays))["jax", "torch"].stage == "steps"
    others = {}
    for number, backend in enumerate(BACKENDS):
        own = arrays if backend == "jax" else rounded(make_arrays(), number)
        orders = np.array(own["orders/000:loss"])
        orders[0] += jump
        others[backend] = {**own, "orders/000:loss": orders}
    assert judge(make_dumps(**others))["jax", "torch"].verdict == "certified"


def test_predictions_may_differ_where_rounding_cannot_tell_two_classes_apart() -> None:
    def tied(best: int) -> dict[str, Any]:
        arrays = rounded(make_arrays(), 9)
        predictions = np.array(arrays["evaluation/000:predictions"])
        predictions[0] = 0.25
        predictions[0, best] += 0.25 * ULP
        return {**arrays, "evaluation/000:predictions": predictions}

    dumps = make_dumps(jax=tied(0), torch=tied(1))
    for backend in BACKENDS:
        arrays = make_arrays()
        arrays["evaluation/000:predictions"][0] = 0.25
        dumps[backend, "float64"] = WorkerArrays(arrays)
    assert judge(dumps)["jax", "torch"].verdict == "certified"


def test_another_accuracy_of_the_same_weights_differs() -> None:
    arrays = rounded(make_arrays(), 1)
    arrays["evaluation/001:val_accuracy"] = np.float64(0.25)
    found = judge(make_dumps(jax=arrays))["jax", "torch"]
    assert (found.stage, found.name) == ("evaluation", "val_accuracy")


def test_the_bound_is_a_multiple_of_the_middle_error_and_a_few_units_of_the_size() -> None:
    assert bound(1e-7, 2.0) == MULTIPLE * 1e-7 + FLOOR * 2.0
    assert rounding_error([1e-7, 5e-7, 1.0]) == 5e-7
    assert rounding_error([1e-7, 1.0]) == 1e-7
    assert error_of(np.array([1.0, 3.0]), np.array([1.0, 1.0])) == pytest.approx(2**0.5)
    assert error_of(np.empty(0), np.empty(0)) == 0.0


def test_a_quantity_of_nothing_is_the_same_when_both_are_nothing() -> None:
    nothing = ComparedQuantity(backends=("jax", "torch"), stage="inference", name="000:zero")
    assert nothing.same
    assert nothing.bound_fraction == 0.0
    assert nothing.label == "zero"
