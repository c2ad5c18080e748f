"""An unsupported operation is recognised by the origin and the message of its error."""

import types

import pytest

from bench.worker.unsupported import unsupported_reason


class UnimplementedError(Exception):
    """Named as one of TensorFlow's classes."""


def caught(error: Exception, module: str) -> Exception:
    """Return the error as a function of `module` raises it."""
    place = types.ModuleType(module)
    exec("def refuse(error):\n    raise error\n", vars(place))
    try:
        place.refuse(error)
    except Exception as raised:
        return raised
    raise AssertionError


@pytest.mark.parametrize(
    "error",
    [
        NotImplementedError(),
        UnimplementedError("x"),
        RuntimeError("\"addmm_impl_cpu_\" not implemented for 'Half'"),
        ValueError("Conv2D currently only supports the NHWC tensor format on the CPU"),
        ValueError("synchronized=True is only supported with the TensorFlow backend."),
        TypeError("Unsupported dtype float8"),
        ValueError("The backend does not yet support ragged tensors"),
    ],
)
@pytest.mark.parametrize("module", ["keras.src.ops.nn", "torch.nn", "jax._src", "tensorflow"])
def test_an_error_of_a_framework_about_an_unsupported_operation_is_recognised(error, module):
    assert unsupported_reason(caught(error, module)) == (str(error) or "no message")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("shapes (3,) and (4,) differ"),
        MemoryError(),
        KeyError("unsupport"),
        TypeError("'<=' not supported between instances of 'int' and 'str'"),
        TypeError("unsupported operand type(s) for +: 'int' and 'NoneType'"),
        ValueError("None values not supported."),
        NotImplementedError("Layer Mine does not have a `call()` method implemented."),
    ],
)
def test_any_other_error_of_a_framework_is_none(error):
    assert unsupported_reason(caught(error, "keras.src.ops.nn")) is None


@pytest.mark.parametrize("module", ["my_model", "bench.worker.builders", "numpy.linalg", "kerasx"])
def test_what_others_raise_is_none(module):
    assert unsupported_reason(caught(NotImplementedError("not implemented"), module)) is None


def test_an_error_that_was_never_raised_is_none():
    assert unsupported_reason(NotImplementedError()) is None


def test_of_several_lines_the_one_that_refuses_is_the_reason():
    text = "Graph execution error:\n\n  The op currently only supports NHWC.\n\t [[node x]]"
    assert (
        unsupported_reason(caught(ValueError(text), "tensorflow"))
        == "The op currently only supports NHWC."
    )


@pytest.mark.parametrize(
    ("error", "needed"),
    [
        (ModuleNotFoundError("No module named 'torch'", name="torch"), "torch"),
        (ModuleNotFoundError("No module named 'jax'", name="jax.numpy"), "jax"),
        (ImportError("Layer StringLookup requires TensorFlow. Install it via pip."), "tensorflow"),
        (ImportError("This requires the tensorflow module."), "tensorflow"),
    ],
)
@pytest.mark.parametrize("module", ["my_model", "keras.src.layers"])
def test_a_missing_package_of_another_backend_is_named_wherever_it_is_needed(error, needed, module):
    reason = unsupported_reason(caught(error, module))
    assert reason is not None and reason.startswith(f"needs {needed}, which is not installed here")
    assert ("--with-tensorflow" in reason) == (needed == "tensorflow")


def test_a_cause_counts_and_any_other_missing_package_does_not():
    missing = ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")
    error = caught(RuntimeError("no"), "my_model")
    error.__cause__ = missing
    assert str(unsupported_reason(error)).startswith("needs tensorflow")
    other = ModuleNotFoundError("No module named 'torchvision'", name="torchvision")
    assert unsupported_reason(caught(other, "my_model")) is None


@pytest.mark.parametrize(
    "message",
    [
        "`steps_per_execution` must be 1 with the PyTorch backend. Received: steps_per_execution=4",
        "NASNetMobile is not available with the torch backend at this time",
        "Only TensorFlow backend allows this.",
    ],
)
def test_a_message_of_keras_that_names_a_backend_is_a_refusal(message):
    assert unsupported_reason(caught(ValueError(message), "keras.src.trainers")) == message
    assert unsupported_reason(caught(ValueError(message), "my_model")) is None
