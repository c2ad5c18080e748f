"""The weight file of the matched lane: the same numbers whoever makes or reads it."""

from pathlib import Path

import numpy as np
import pytest

from bench.worker.matched_lane import (
    Variable,
    WeightFileError,
    bytes_sha256,
    draw_weights,
    matched_weights,
)


def kernel(*shape: int, seed: int = 7, dtype: str = "float32") -> Variable:
    """Return a variable as a backend made it: other numbers there with every seed."""
    values = np.random.default_rng(seed).normal(size=shape)
    return Variable(dtype, values.astype("float32"))


def filled(value: float, *shape: int, dtype: str = "float32") -> Variable:
    return Variable(dtype, np.full(shape, value, "float32"))


MODEL = [kernel(3, 3, 3, 16), filled(0, 16), filled(1, 16), kernel(16, 10), kernel(5)]


def test_what_a_backend_drew_does_not_matter(tmp_path: Path) -> None:
    other = [kernel(3, 3, 3, 16, seed=8), *MODEL[1:3], kernel(16, 10, seed=9), kernel(5, seed=1)]
    first = matched_weights(0, MODEL, tmp_path / "one")
    second = matched_weights(0, other, tmp_path / "two")
    assert bytes_sha256(first) == bytes_sha256(second)
    assert [path.name for path in (tmp_path / "one").iterdir()] == [
        path.name for path in (tmp_path / "two").iterdir()
    ]


def test_a_second_worker_reads_the_file_of_the_first(tmp_path: Path) -> None:
    first = matched_weights(0, MODEL, tmp_path)
    [path] = tmp_path.iterdir()
    made = path.stat().st_mtime_ns
    second = matched_weights(0, MODEL, tmp_path)
    assert [path] == list(tmp_path.iterdir())
    assert path.stat().st_mtime_ns == made
    assert bytes_sha256(first) == bytes_sha256(second)


@pytest.mark.parametrize(
    ("seed", "variables"),
    [
        (1, MODEL),
        (0, MODEL[:-1]),
        (0, [kernel(3, 3, 16, 3), *MODEL[1:]]),
        (0, [kernel(3, 3, 3, 16, dtype="bfloat16"), *MODEL[1:]]),
        (0, [*MODEL[:1], filled(1, 16), *MODEL[2:]]),
    ],
    ids=["seed", "a variable less", "shape", "dtype", "a kept value"],
)
def test_other_weights_have_a_file_of_their_own(
    tmp_path: Path, seed: int, variables: list[Variable]
) -> None:
    matched_weights(0, MODEL, tmp_path)
    matched_weights(seed, variables, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_kernel_is_uniform_within_glorots_limit() -> None:
    drawn = draw_weights(0, 0, kernel(3, 3, 64, 32))
    limit = np.sqrt(6 / (3 * 3 * 64 + 3 * 3 * 32))
    assert np.abs(drawn).max() <= np.float32(limit)
    assert drawn.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    assert drawn.mean() == pytest.approx(0, abs=limit / 50)


@pytest.mark.parametrize(
    ("shape", "fans"),
    [((4, 6), 4 + 6), ((3, 4, 6), 3 * 4 + 3 * 6), ((3, 5, 4, 6), 3 * 5 * 4 + 3 * 5 * 6)],
)
def test_the_limit_follows_the_fans_of_keras(shape: tuple[int, ...], fans: int) -> None:
    largest = max(np.abs(draw_weights(seed, 0, kernel(*shape))).max() for seed in range(60))
    assert largest == pytest.approx(np.sqrt(6 / fans), rel=0.02)


def test_a_vector_that_is_positive_stays_so_as_a_variance_must() -> None:
    drawn = draw_weights(0, 1, Variable("float32", np.linspace(0.1, 9.0, 1000, dtype=np.float32)))
    assert np.all(drawn > 0.0)


def test_a_vector_that_is_not_constant_is_drawn_from_a_normal_distribution() -> None:
    drawn = draw_weights(0, 0, kernel(20_000))
    assert drawn.std() == pytest.approx(0.05, rel=0.02)


@pytest.mark.parametrize(
    "variable",
    [
        filled(0, 16),
        filled(1, 16),
        filled(0, 4, 4),
        Variable("float32", np.array([0, 1, 1, 0], "float32")),  # the bias of an LSTM
        Variable("int32", np.array([3, 4], "int32")),
    ],
    ids=["zeros", "ones", "a matrix of zeros", "zeros and ones", "integers"],
)
def test_what_is_the_same_everywhere_is_kept(variable: Variable) -> None:
    assert np.array_equal(draw_weights(0, 0, variable), variable.value)


def test_variables_of_one_shape_get_numbers_of_their_own() -> None:
    assert not np.array_equal(draw_weights(0, 0, kernel(4, 4)), draw_weights(0, 1, kernel(4, 4)))
    assert not np.array_equal(draw_weights(0, 0, kernel(4, 4)), draw_weights(1, 0, kernel(4, 4)))


def test_bfloat16_is_stored_as_float32(tmp_path: Path) -> None:
    [array] = matched_weights(0, [kernel(4, 4, dtype="bfloat16")], tmp_path)
    assert array.dtype == np.float32


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 and nothing else", b"\x80\x04N."],
    ids=["empty", "truncated", "a pickle"],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes) -> None:
    matched_weights(0, MODEL, tmp_path)
    [path] = tmp_path.iterdir()
    path.write_bytes(content)
    with pytest.raises(WeightFileError, match=f"{path.name} cannot be read .*; delete it"):
        matched_weights(0, MODEL, tmp_path)


def test_a_file_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    matched_weights(0, MODEL, tmp_path)
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(WeightFileError, match="cannot be read"):
        matched_weights(0, MODEL, tmp_path)


def test_a_damaged_array_is_refused(tmp_path: Path) -> None:
    matched_weights(0, MODEL, tmp_path)
    [path] = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    content[400] ^= 255
    path.write_bytes(content)
    with pytest.raises(WeightFileError):
        matched_weights(0, MODEL, tmp_path)


def test_a_file_of_other_arrays_is_refused(tmp_path: Path) -> None:
    matched_weights(0, MODEL, tmp_path)
    [path] = tmp_path.iterdir()
    with path.open("wb") as file:
        np.savez(file, np.zeros(3))
    with pytest.raises(WeightFileError, match="does not hold the arrays"):
        matched_weights(0, MODEL, tmp_path)


def test_a_single_array_is_no_weight_file(tmp_path: Path) -> None:
    matched_weights(0, MODEL, tmp_path)
    [path] = tmp_path.iterdir()
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(WeightFileError, match="cannot be read"):
        matched_weights(0, MODEL, tmp_path)


def test_an_array_of_objects_is_never_unpickled(tmp_path: Path) -> None:
    matched_weights(0, MODEL, tmp_path)
    [path] = tmp_path.iterdir()
    with path.open("wb") as file:
        np.savez(file, np.array([{}], dtype=object))
    with pytest.raises(WeightFileError, match="cannot be read"):
        matched_weights(0, MODEL, tmp_path)


def test_the_digest_covers_every_byte_in_order() -> None:
    one, two = np.zeros(3, "float32"), np.ones(3, "float32")
    assert bytes_sha256([one, two]) != bytes_sha256([two, one])
    assert bytes_sha256([one, two]) == bytes_sha256([np.concatenate([one, two])])
