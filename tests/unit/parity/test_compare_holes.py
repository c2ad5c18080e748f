"""What once was certified and is not the same: each a hole that the comparison had."""

import numpy as np

from bench.core.cell import BACKENDS
from bench.parity.messages import WorkerArrays
from tests.fixtures.dumps import judge, make_arrays, make_dumps, rounded


def test_a_gradient_that_most_backends_cannot_compute_is_not_certified() -> None:
    broken = {}
    for number, backend in enumerate(("jax", "torch")):
        arrays = rounded(make_arrays(), number)
        arrays["gradient/000:first/kernel"] = np.full((8, 4), np.nan)
        broken[backend] = arrays
    found = judge(make_dumps(**broken))
    assert {(v.verdict, v.stage) for v in found.values()} == {("differs", "gradient")}


def test_a_gradient_that_is_nan_where_it_is_truly_zero_is_not_certified() -> None:
    dumps = make_dumps()
    for number, backend in enumerate(BACKENDS):
        for precision in ("float32", "float64"):
            arrays = rounded(make_arrays(), number) if precision == "float32" else make_arrays()
            gradient = np.array(arrays["gradient/000:first/kernel"])
            gradient[0] = np.nan if (backend, precision) == ("torch", "float32") else 0.0
            dumps[backend, precision] = WorkerArrays(
                {**arrays, "gradient/000:first/kernel": gradient}
            )
    found = judge(dumps)
    assert found["jax", "tensorflow"].verdict == "certified"
    assert (found["jax", "torch"].verdict, found["jax", "torch"].stage) == ("differs", "gradient")


def test_a_loss_that_is_nan_after_some_steps_is_not_certified() -> None:
    arrays = rounded(make_arrays(), 1)
    arrays["steps/000:loss"][4:] = np.nan
    found = judge(make_dumps(jax=arrays))["jax", "torch"]
    assert (found.stage, found.name) == ("steps", "loss of step 5 on jax")


def test_what_a_backend_does_wrong_in_every_order_is_no_rounding() -> None:
    """Its own trajectories would widen a bound that they had a part in."""
    arrays = rounded(make_arrays(), 2)
    wrong = np.linspace(0.0, 1e-3, 10)
    arrays["steps/000:loss"] = arrays["steps/000:loss"] + wrong
    arrays["orders/000:loss"] = arrays["orders/000:loss"] + wrong
    found = judge(make_dumps(torch=arrays))
    assert found["jax", "tensorflow"].verdict == "certified"
    assert found["jax", "torch"].text.startswith("differs: steps loss of step 2 on torch by ")


def test_an_update_without_a_gradient_is_compared_in_float64() -> None:
    """As of weight decay, which one backend may leave out for the rows that no text reads."""
    dumps = make_dumps()
    for backend in BACKENDS:
        arrays = make_arrays()
        arrays["gradient/000:first/kernel"][0] = 0.0
        arrays["update/000:first/kernel"][0] = 0.0 if backend == "jax" else 1e-6
        dumps[backend, "float64"] = WorkerArrays(arrays)
        dumps[backend, "float32"] = WorkerArrays(rounded(arrays, 1))
    found = judge(dumps)
    assert found["tensorflow", "torch"].verdict == "certified"
    assert found["jax", "torch"].text.startswith(
        "differs: update first/kernel without a gradient by 1e-06 where "
    )


def test_variables_of_one_path_have_a_gradient_each() -> None:
    dumps = make_dumps()
    for number, backend in enumerate(BACKENDS):
        for precision in ("float32", "float64"):
            arrays = rounded(make_arrays(), number) if precision == "float32" else make_arrays()
            arrays["gradient/001:first/kernel"] = np.full(3, 1e-9 * number)
            arrays["update/001:first/kernel"] = np.full(3, 1e-3 * number)
            if precision == "float64":
                arrays["gradient/001:first/kernel"] = np.zeros(3)
                arrays["update/001:first/kernel"] = np.zeros(3)
            dumps[backend, precision] = WorkerArrays(arrays)
    assert {verdict.text for verdict in judge(dumps).values()} == {"certified"}


def test_a_regression_on_a_dataset_of_classes_has_no_best_class() -> None:
    changed = {}
    for number, backend in enumerate(BACKENDS):
        arrays = rounded(make_arrays(), number)
        arrays["evaluation/000:predictions"] = arrays["evaluation/000:predictions"][:, :1]
        changed[backend] = arrays
    dumps = make_dumps(**changed)
    for backend in BACKENDS:
        arrays = make_arrays()
        arrays["evaluation/000:predictions"] = arrays["evaluation/000:predictions"][:, :1]
        dumps[backend, "float64"] = WorkerArrays(arrays)
    assert {verdict.quantities for verdict in judge(dumps).values()} == {38}


def test_the_thousandth_quantity_comes_after_the_others() -> None:
    names = [f"{number:03}:x" for number in (2, 1000, 100, 999)]
    dump = WorkerArrays({f"loss/{name}": np.zeros(1) for name in names})
    assert list(dump.stage("loss")) == ["002:x", "100:x", "999:x", "1000:x"]
