"""Compare the workers' arrays: quantities per pair of backends, stage and layer."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, zip_longest
from typing import Final

import numpy as np

from bench.parity.messages import STAGES, Precision, WorkerArrays
from bench.parity.quantity import (
    FLOOR,
    MULTIPLE,
    ComparedQuantity,
    bound,
    rounding_error,
    trajectory_limits,
)
from bench.stats.norms import NumericArray, error_of, size_of

#: The arrays of each worker, by backend and precision.
BackendArrays = Mapping[tuple[str, Precision], WorkerArrays]
#: A quantity on each backend: its arrays in float32 and in float64.
Both = Mapping[str, tuple[NumericArray, NumericArray]]

COMPARED_PRECISIONS: Final[tuple[Precision, Precision]] = ("float32", "float64")


def compare_backends(results: BackendArrays, backends: Sequence[str]) -> list[ComparedQuantity]:
    """Return every quantity of every pair of backends, stage by stage in the model's order.

    A stage whose names or shapes differ becomes one quantity with the name of the first difference.
    """
    quantities: list[ComparedQuantity] = []
    for stage in STAGES:
        for pair in combinations(backends, 2):
            mismatch = _mismatch(results, pair, stage)
            if mismatch:
                quantities.append(mismatch)
            elif stage == "structure":
                quantities.append(ComparedQuantity(backends=pair, stage=stage, name="variables"))
            else:
                quantities += _stage(results, backends, pair, stage)
    return quantities


def _mismatch(results: BackendArrays, pair: tuple[str, str], stage: str) -> ComparedQuantity | None:
    """Return the first difference in names, shapes or dimensions of variables; None without one."""
    for precision in COMPARED_PRECISIONS:
        a, b = (results[backend, precision].stage(stage) for backend in pair)
        for first, second in zip_longest(a, b):
            if first != second:
                mismatch = f"{_named(first)} on {pair[0]} is {_named(second)} on {pair[1]}"
                return ComparedQuantity(
                    backends=pair, stage=stage, name=str(first or second), mismatch=mismatch
                )
            shapes = _shape(stage, a[first]), _shape(stage, b[first])
            if shapes[0] != shapes[1]:
                mismatch = f"shape {shapes[0]} on {pair[0]} is {shapes[1]} on {pair[1]}"
                return ComparedQuantity(backends=pair, stage=stage, name=first, mismatch=mismatch)
    return None


def _named(name: str | None) -> str:
    return "nothing" if name is None else name.partition(":")[2]


def _shape(stage: str, array: NumericArray) -> tuple[int, ...]:
    """Return the shape of a quantity; in the stage `structure`, the arrays are shapes."""
    return tuple(array.tolist()) if stage == "structure" else array.shape


def _stage(
    results: BackendArrays, backends: Sequence[str], pair: tuple[str, str], stage: str
) -> Iterator[ComparedQuantity]:
    """Yield the quantities of a stage whose names and shapes are equal on both backends."""
    for name, array in results[pair[0], "float32"].stage(stage).items():
        both: Both = {
            backend: arrays
            for backend in backends
            if (arrays := _both(results, backend, stage, name)) and arrays[0].shape == array.shape
        }
        if stage == "update":
            yield from _update(results, both, pair, name)
        elif stage == "steps":
            yield from _steps(results, both, pair)
        elif name.endswith(":val_accuracy"):
            yield from _classes(results, both, pair, name)
        else:
            yield _quantity(both, pair, stage, name)


def _both(
    results: BackendArrays, backend: str, stage: str, name: str
) -> tuple[NumericArray, NumericArray] | None:
    first, second = (results[backend, each].stage(stage).get(name) for each in COMPARED_PRECISIONS)
    if first is None or second is None or first.shape != second.shape:
        return None
    return first, second


def _quantity(both: Both, pair: tuple[str, str], stage: str, name: str) -> ComparedQuantity:
    errors = {backend: error_of(*arrays) for backend, arrays in both.items()}
    a, b = (both[backend][1] for backend in pair)
    size = min(size_of(a), size_of(b))
    allowed = bound(rounding_error(list(errors.values())), size)
    if stage == "gradient":
        clear = _is_clear(both)
        # The mean is over all elements, as that of the bound. Of an embedding, only rows that are
        # read are clear.
        errors = {
            backend: error_of(np.where(clear | ~np.isfinite(first), first, second), second)
            for backend, (first, second) in both.items()
        }
    return ComparedQuantity(
        backends=pair,
        stage=stage,
        name=name,
        size=size,
        function=error_of(a, b),
        errors=(errors[pair[0]], errors[pair[1]]),
        allowed=allowed,
    )


def _is_clear(both: Both) -> NumericArray:
    """Return where a gradient is above float32 resolution, as booleans of the gradient's shape.

    Elsewhere its float32 value consists of rounding alone and has no correct digits to count; its
    float64 value has. An example is a bias before BatchNormalization, which has no effect.
    """
    rounding = rounding_error([error_of(*arrays) for arrays in both.values()])
    clear: NumericArray = np.min([np.abs(exact) for _, exact in both.values()], axis=0) > (
        MULTIPLE * rounding
    )
    return clear


def _update(
    results: BackendArrays, both: Both, pair: tuple[str, str], name: str
) -> Iterator[ComparedQuantity]:
    """Yield the update of a variable where its gradient is clear, and where it is exactly zero.

    Adam's first step is the learning rate times the sign of the gradient. Where the true gradient
    is zero, that step is the sign of rounding errors in float32. In float64 it is the rounding
    errors themselves, amplified up to the limit that epsilon sets. Neither can be compared. Where
    the computed gradient is exactly zero, as for embedding rows that no image reads, the update is
    weight decay alone; it is compared in float64, with the rounding of the model's largest update
    as the bound.
    """
    gradients = _gradients(results, both, name)
    if gradients is None:
        yield _quantity(both, pair, "update", name)
        return
    clear = _is_clear(gradients)
    for first, _ in both.values():
        clear = clear | ~np.isfinite(first)
    yield _quantity(
        {backend: (first[clear], second[clear]) for backend, (first, second) in both.items()},
        *(pair, "update", name),
    )
    is_zero = np.all([exact == 0.0 for _, exact in gradients.values()], axis=0)
    if is_zero.any():
        a, b = (both[backend][1][is_zero] for backend in pair)
        yield ComparedQuantity(
            backends=pair,
            stage="update",
            name=f"{name} without a gradient",
            size=min(size_of(a), size_of(b)),
            function=error_of(a, b),
            allowed=FLOOR * _largest_step(results[pair[0], "float64"]),
        )


def _largest_step(arrays: WorkerArrays) -> float:
    """Return the largest update of a trained variable, as a root mean square."""
    trained = {name.partition(":")[2] for name in arrays.stage("gradient")}
    updates = arrays.stage("update").items()
    return max(size_of(step) for name, step in updates if name.partition(":")[2] in trained)


def _gradients(results: BackendArrays, both: Both, name: str) -> Both | None:
    """Return the gradient of an updated variable; None if the variable is not trained.

    Variables with the same path, as in two inner models with equal layer names, are distinguished
    by their order.
    """
    gradients = {}
    for backend in both:
        places = {}
        for stage in ("update", "gradient"):
            names = results[backend, "float64"].stage(stage)
            places[stage] = [n for n in names if n.partition(":")[2] == name.partition(":")[2]]
        place = places["update"].index(name)
        if place < len(places["gradient"]):
            arrays = _both(results, backend, "gradient", places["gradient"][place])
            if arrays is not None and arrays[0].shape == both[backend][0].shape:
                gradients[backend] = arrays
    return gradients if len(gradients) == len(both) else None


def _steps(results: BackendArrays, both: Both, pair: tuple[str, str]) -> Iterator[ComparedQuantity]:
    """Yield the loss of each step, in float64 and then in float32 on each backend.

    In float64, two trajectories of one function stay together; the bound of their difference uses
    the median rounding error of the float32 trajectories. Trajectories in float32 diverge
    exponentially, and sometimes jump when rounding flips a ReLU or the sign of a gradient near
    zero. The bound of each is the error that a further trajectory of the other backends should not
    exceed (see `trajectory_limits`).
    """
    errors = {
        backend: np.abs(results[backend, "float32"].stage("orders")["000:loss"] - reference)
        for backend, (_, reference) in both.items()
    }
    limits = {backend: _limits_of_others(errors, backend) for backend in pair}
    middle = [np.median(np.maximum.accumulate(e, axis=1), axis=0) for e in errors.values()]
    a, b = (both[backend][1] for backend in pair)
    for step in range(len(a)):
        size = float(min(abs(a[step]), abs(b[step])))
        rounding = rounding_error([float(each[step]) for each in middle])
        yield ComparedQuantity(
            backends=pair,
            stage="steps",
            name=f"{step:03}a:loss of step {step + 1} in float64",
            size=size,
            function=error_of(a[step], b[step]),
            allowed=bound(rounding, size),
        )
        for backend in pair:
            error = error_of(*(array[step] for array in both[backend]))
            yield ComparedQuantity(
                backends=pair,
                stage="steps",
                name=f"{step:03}b:loss of step {step + 1} on {backend}",
                size=size,
                errors=(error, 0.0) if backend == pair[0] else (0.0, error),
                allowed=float(limits[backend][step]) + FLOOR * size,
            )


def _limits_of_others(errors: Mapping[str, NumericArray], backend: str) -> NumericArray:
    """Return the limits of a backend's trajectory, from the trajectories of all others."""
    return trajectory_limits(np.vstack([e for other, e in errors.items() if other != backend]))


def _classes(
    results: BackendArrays, both: Both, pair: tuple[str, str], name: str
) -> Iterator[ComparedQuantity]:
    """Yield the number of images classified differently, and the difference of the accuracies.

    The number allowed is that of images whose two best classes are closer than rounding resolves.
    """
    predictions = [_both(results, backend, "evaluation", "000:predictions") for backend in pair]
    (a, a64), (b, b64) = (arrays for arrays in predictions if arrays is not None)
    if a.shape[-1] < 2:  # not a classifier
        return
    best = np.sort(a64, axis=-1)
    margin = best[:, -1] - best[:, -2]
    widest = 2 * max(float(np.max(np.abs(x - y), initial=0.0)) for x, y in ((a, a64), (b, b64)))
    close = int(np.sum(margin <= widest))
    accuracies = [float(both[backend][0]) for backend in pair]
    differences = {
        name.replace("val_accuracy", "differing argmax"): (
            float(len(a)),
            float(np.sum(a.argmax(axis=-1) != b.argmax(axis=-1))),
            float(close),
        ),
        name: (min(accuracies), abs(accuracies[0] - accuracies[1]), close / len(a)),
    }
    for label, (size, difference, allowed) in differences.items():
        yield ComparedQuantity(
            backends=pair,
            stage="evaluation",
            name=label,
            size=size,
            function=difference,
            allowed=allowed,
        )
