"""Whether an error is the framework's refusal of what a cell asks for, or anything else."""

import re
import traceback
from typing import Final

#: Packages whose code may refuse; what a user's file or ours raises is never a refusal.
_FRAMEWORKS: Final = frozenset({"keras", "jax", "jaxlib", "tensorflow", "torch"})
#: Classes that say no more than that something does not exist for these arguments.
_CLASSES: Final = frozenset({"NotImplementedError", "UnimplementedError"})
#: What frameworks say where they have no class of their own for it.
_WORDS: Final = re.compile(
    r"not (?:yet |currently )?(?:implemented|supported)|unsupported|only support(?:s|ed)"
    r"|does(?: not|n't) (?:yet |currently )?support|no (?:OpKernel|kernel) ",
    re.IGNORECASE,
)

#: What Python says of wrong arguments, and Keras of a class without a `call`: mistakes of whoever
#: wrote the model.
_MISTAKES: Final = re.compile(
    r"not supported between instances of|unsupported operand type|does not have a `call"
    r"|None values not supported"
)


def refusal(error: BaseException) -> str | None:
    """Return in what words a framework says that it cannot do what was asked; None if it does not.

    It is told by where it was raised and by its class or its words, not by what was asked for.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    module = str(frames[-1].f_globals.get("__name__")) if frames else ""
    if module.partition(".")[0] not in _FRAMEWORKS:
        return None
    if _MISTAKES.search(str(error)):
        return None
    names = {each.__name__ for each in type(error).__mro__}
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if _WORDS.search(line)]
    if told or names & _CLASSES:
        # TensorFlow's first line says no more than that a graph was executed.
        return (told or lines or ["no message"])[0]
    return None
