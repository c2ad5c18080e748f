"""From the workers' dumps to what differs: per pair of backends, stage and layer."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, zip_longest
from typing import Final

import numpy as np

from bench.parity.messages import STAGES, Precision, WorkerArrays
from bench.parity.quantity import ComparedQuantity
from bench.parity.tolerance import FLOOR, MULTIPLE, bound, rounding_error, trajectory_limits
from bench.stats.norms import NumericArray, error_of, size_of

Dumps = Mapping[tuple[str, Precision], WorkerArrays]
#: A quantity's arrays on each backend: in float32 and in float64.
Both = Mapping[str, tuple[NumericArray, NumericArray]]

COMPARED_PRECISIONS: Final[tuple[Precision, Precision]] = ("float32", "float64")


def compare_dumps(dumps: Dumps, backends: Sequence[str]) -> list[ComparedQuantity]:
    """Return every quantity of every pair of backends, stage by stage in the model's order.

    A stage whose names or shapes differ is one quantity, named after the first that does.
    """
    found: list[ComparedQuantity] = []
    for stage in STAGES:
        for pair in combinations(backends, 2):
            mismatch = _mismatch(dumps, pair, stage)
            if mismatch:
                found.append(mismatch)
            elif stage == "structure":
                found.append(ComparedQuantity(backends=pair, stage=stage, name="variables"))
            else:
                found += _stage(dumps, backends, pair, stage)
    return found


def _mismatch(dumps: Dumps, pair: tuple[str, str], stage: str) -> ComparedQuantity | None:
    """Return where two backends' names, shapes or, of variables, dimensions part."""
    for precision in COMPARED_PRECISIONS:
        a, b = (dumps[backend, precision].stage(stage) for backend in pair)
        for first, second in zip_longest(a, b):
            if first != second:
                what = f"{_named(first)} on {pair[0]} is {_named(second)} on {pair[1]}"
                return ComparedQuantity(
                    backends=pair, stage=stage, name=str(first or second), what=what
                )
            shapes = _shape(stage, a[first]), _shape(stage, b[first])
            if shapes[0] != shapes[1]:
                what = f"shape {shapes[0]} on {pair[0]} is {shapes[1]} on {pair[1]}"
                return ComparedQuantity(backends=pair, stage=stage, name=first, what=what)
    return None


def _named(name: str | None) -> str:
    return "nothing" if name is None else name.partition(":")[2]


def _shape(stage: str, array: NumericArray) -> tuple[int, ...]:
    """Return the shape of a quantity; the stage `structure` holds shapes."""
    return tuple(array.tolist()) if stage == "structure" else array.shape


def _stage(
    dumps: Dumps, backends: Sequence[str], pair: tuple[str, str], stage: str
) -> Iterator[ComparedQuantity]:
    """Yield the quantities of a stage whose names and shapes are the same on both backends."""
    for name, array in dumps[pair[0], "float32"].stage(stage).items():
        both: Both = {
            backend: arrays
            for backend in backends
            if (arrays := _both(dumps, backend, stage, name)) and arrays[0].shape == array.shape
        }
        if stage == "update":
            yield from _update(dumps, both, pair, name)
        elif stage == "steps":
            yield from _steps(dumps, both, pair)
        elif name.endswith(":val_accuracy"):
            yield from _classes(dumps, both, pair, name)
        else:
            yield _quantity(both, pair, stage, name)


def _both(
    dumps: Dumps, backend: str, stage: str, name: str
) -> tuple[NumericArray, NumericArray] | None:
    found = [dumps[backend, precision].stage(stage).get(name) for precision in COMPARED_PRECISIONS]
    if found[0] is None or found[1] is None or found[0].shape != found[1].shape:
        return None
    return found[0], found[1]


def _quantity(both: Both, pair: tuple[str, str], stage: str, name: str) -> ComparedQuantity:
    errors = {backend: error_of(*arrays) for backend, arrays in both.items()}
    a, b = (both[backend][1] for backend in pair)
    size = min(size_of(a), size_of(b))
    allowed = bound(rounding_error(list(errors.values())), size)
    if stage == "gradient":
        clear = _is_clear(both)
        # Over all elements, as the bound is: of an embedding only the rows that are read are clear.
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
    """Return where a gradient is larger than float32 can err, shape as the gradient's.

    Elsewhere, as of a bias before BatchNormalization, which moves nothing, its float32 value is
    rounding alone: it has no digits whose number could be too small. In float64 it has.
    """
    rounding = rounding_error([error_of(*arrays) for arrays in both.values()])
    clear: NumericArray = np.min([np.abs(exact) for _, exact in both.values()], axis=0) > (
        MULTIPLE * rounding
    )
    return clear


def _update(
    dumps: Dumps, both: Both, pair: tuple[str, str], name: str
) -> Iterator[ComparedQuantity]:
    """Yield how a variable is updated where its gradient is clear, and where there is none at all.

    Adam's first step is the learning rate times the gradient's sign: where the true gradient is
    zero, it is in float32 the sign of rounding errors, and in float64 these, made larger by as much
    as an epsilon lets them. Only where the gradient is exactly zero, as of rows that no image
    reads, is there something to compare: what weight decay does, in float64, with the rounding of
    the largest update of the model.
    """
    gradients = _gradients(dumps, both, name)
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
    none = np.all([exact == 0.0 for _, exact in gradients.values()], axis=0)
    if none.any():
        a, b = (both[backend][1][none] for backend in pair)
        yield ComparedQuantity(
            backends=pair,
            stage="update",
            name=f"{name} without a gradient",
            size=min(size_of(a), size_of(b)),
            function=error_of(a, b),
            allowed=FLOOR * _largest_step(dumps[pair[0], "float64"]),
        )


def _largest_step(dump: WorkerArrays) -> float:
    """Return the largest update of a variable that is trained, as a root mean square."""
    trained = {name.partition(":")[2] for name in dump.stage("gradient")}
    updates = dump.stage("update").items()
    return max(size_of(step) for name, step in updates if name.partition(":")[2] in trained)


def _gradients(dumps: Dumps, both: Both, name: str) -> Both | None:
    """Return the gradient of an updated variable; None where it is not trained.

    Variables of one path, as layers of one name in two models have, are told apart by their order.
    """
    found = {}
    for backend in both:
        places = {}
        for stage in ("update", "gradient"):
            names = dumps[backend, "float64"].stage(stage)
            places[stage] = [n for n in names if n.partition(":")[2] == name.partition(":")[2]]
        place = places["update"].index(name)
        if place < len(places["gradient"]):
            arrays = _both(dumps, backend, "gradient", places["gradient"][place])
            if arrays is not None and arrays[0].shape == both[backend][0].shape:
                found[backend] = arrays
    return found if len(found) == len(both) else None


def _steps(dumps: Dumps, both: Both, pair: tuple[str, str]) -> Iterator[ComparedQuantity]:
    """Yield the loss of each step, in float64 and then in float32 on each backend.

    In float64 two trajectories of one function do not part: their difference is held against the
    middle rounding error of the trajectories in float32. Those part exponentially, and now and then
    jump, when rounding turns a ReLU or the sign of a gradient that is almost zero: each is held
    against what a further one of the other backends' would not exceed.
    """
    errors = {
        backend: np.abs(dumps[backend, "float32"].stage("orders")["000:loss"] - reference)
        for backend, (_, reference) in both.items()
    }
    limits = {backend: _limits_of_others(errors, backend) for backend in pair}
    middle = [np.median(np.maximum.accumulate(e, axis=1), axis=0) for e in errors.values()]
    a, b = (both[backend][1] for backend in pair)
    for step in range(len(a)):
        size = float(min(abs(a[step]), abs(b[step])))
        rounding = rounding_error([float(found[step]) for found in middle])
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
    """Return the limits of a backend's trajectory, as the trajectories of all others tell them."""
    return trajectory_limits(np.vstack([e for other, e in errors.items() if other != backend]))


def _classes(
    dumps: Dumps, both: Both, pair: tuple[str, str], name: str
) -> Iterator[ComparedQuantity]:
    """Yield how many images two backends put in different classes, and how far the accuracy moves.

    Allowed are the images of which the two best classes are closer than rounding can tell.
    """
    predictions = [_both(dumps, backend, "evaluation", "000:predictions") for backend in pair]
    (a, a64), (b, b64) = (arrays for arrays in predictions if arrays is not None)
    if a.shape[-1] < 2:  # it is no classifier, whatever its dataset is
        return
    best = np.sort(a64, axis=-1)
    margin = best[:, -1] - best[:, -2]
    widest = 2 * max(float(np.max(np.abs(x - y), initial=0.0)) for x, y in ((a, a64), (b, b64)))
    close = int(np.sum(margin <= widest))
    accuracies = [float(both[backend][0]) for backend in pair]
    figures = {
        name.replace("val_accuracy", "differing argmax"): (
            float(len(a)),
            float(np.sum(a.argmax(axis=-1) != b.argmax(axis=-1))),
            float(close),
        ),
        name: (min(accuracies), abs(accuracies[0] - accuracies[1]), close / len(a)),
    }
    for label, (size, difference, allowed) in figures.items():
        yield ComparedQuantity(
            backends=pair,
            stage="evaluation",
            name=label,
            size=size,
            function=difference,
            allowed=allowed,
        )
