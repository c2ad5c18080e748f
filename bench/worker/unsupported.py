"""Errors by which a framework rejects an unsupported operation, as opposed to all others."""

import re
import traceback
from typing import Final

#: Packages whose errors can mean "unsupported"; those of a user's file or of ours never do.
_FRAMEWORKS: Final = frozenset({"keras", "jax", "jaxlib", "tensorflow", "torch"})
#: Classes that only mean that an operation does not exist for these arguments.
_CLASSES: Final = frozenset({"NotImplementedError", "UnimplementedError"})
#: The messages of frameworks that have no class for such errors.
_WORDS: Final = re.compile(
    r"not (?:yet |currently )?(?:implemented|supported)|unsupported|only support(?:s|ed)"
    r"|does(?: not|n't) (?:yet |currently )?support|no (?:OpKernel|kernel) ",
    re.IGNORECASE,
)

#: A message of Keras that names a backend is about what this backend does not have.
_BACKEND_NAMED: Final = re.compile(
    r"\b(?:pytorch|torch|tensorflow|jax)\W{0,3}(?:as )?(?:the )?backend\b"
    r"|\bbackend\W{1,3}(?:pytorch|torch|tensorflow|jax)\b",
    re.IGNORECASE,
)

#: Messages of Python about wrong arguments and of Keras about a class without a `call`: mistakes in
#: the code of the model.
_MISTAKES: Final = re.compile(
    r"not supported between instances of|unsupported operand type|does not have a `call"
    r"|None values not supported"
)


#: The packages of the backends, by the names under which they are imported.
_BACKENDS: Final = ("jax", "tensorflow", "torch")
#: Keras's messages about a layer whose computation is TensorFlow's, such as a lookup of strings.
_NEEDS: Final = re.compile(r"requires? (?:the )?`?(tensorflow|torch|jax)\b", re.IGNORECASE)


def unsupported_reason(error: BaseException) -> str | None:
    """Return the line in which a framework rejects an unsupported operation; None for other errors.

    A missing package of another backend is such a rejection too, wherever it is imported. The
    decision depends on the origin of the error and on its class or message, not on the cell.
    """
    if (needed := _needed_backend(error)) is not None:
        option = "; --with-tensorflow adds it" if needed == "tensorflow" else ""
        return f"needs {needed}, which is not installed here{option}"
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    module = str(frames[-1].f_globals.get("__name__")) if frames else ""
    if module.partition(".")[0] not in _FRAMEWORKS:
        return None
    if _MISTAKES.search(str(error)):
        return None
    names = {each.__name__ for each in type(error).__mro__}
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    words = [_WORDS, _BACKEND_NAMED] if module.partition(".")[0] == "keras" else [_WORDS]
    matching = [line for line in lines if any(each.search(line) for each in words)]
    if matching or names & _CLASSES:
        # TensorFlow's first line states only that a graph was executed.
        return (matching or lines or ["no message"])[0]
    return None


def _needed_backend(error: BaseException) -> str | None:
    """Return the backend's package whose absence caused an error, or None."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            root = cause.name.partition(".")[0]
            if root in _BACKENDS:
                return root
        if isinstance(cause, ImportError) and (found := _NEEDS.search(str(cause))):
            return found[1].lower()
        cause = cause.__cause__ or cause.__context__
    return None
