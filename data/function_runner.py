"""`python function_runner.py FILE FUNCTION OUTPUT.npz`: run a user's function, save its arrays.

The function returns (x_train, y_train), (x_test, y_test) as Keras's datasets do, or x, y, which are
split later. Each is an array, or a dictionary of arrays by the names of the model's inputs or
outputs. This file imports no other file of this repository.
"""

import importlib.util
import sys
from pathlib import Path
from typing import Any


def _run(path: Path, function: str) -> Any:
    """Return the value of the user's function."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None  # it ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return getattr(module, function)()


#: What takes anything that `fit` takes.
CURE = "; sample weights, other splits and no targets come from `data` in the model's file"


def name_parts(returned: Any) -> dict[str, Any]:
    """Return x_train, y_train, x_test, y_test, or x and y; raises TypeError for other values."""
    expected = "x, y or (x_train, y_train), (x_test, y_test)"
    if not isinstance(returned, tuple):
        raise TypeError(f"it returned {type(returned).__name__}, where {expected} is expected")
    nested = [isinstance(half, tuple) for half in returned]
    if len(returned) != 2:
        noun = "splits" if nested and all(nested) else "parts"
        raise TypeError(
            f"it returned {len(returned)} {noun}, where 2 are expected: {expected}{CURE}"
        )
    if not all(nested):
        return _known(dict(zip(("x", "y"), returned, strict=True)))
    for half, name in zip(returned, ("training", "validation"), strict=True):
        if len(half) != 2:
            raise TypeError(
                f"it returned {len(half)} parts for {name}, where 2 are expected: {expected}{CURE}"
            )
    (x_train, y_train), (x_test, y_test) = returned
    return _known({"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test})


def _known(parts: dict[str, Any]) -> dict[str, Any]:
    """Return the parts; raises TypeError for one that is None."""
    for name, part in parts.items():
        if part is None:
            raise TypeError(f"it returned None for {name}, where 2 parts are expected{CURE}")
    return parts


def save(parts: dict[str, Any], output: str) -> None:
    """Write each array as PART, or as PART.NAME from a dictionary; raises ValueError for others."""
    import numpy as np  # after the path is set, because the user's folder may contain another

    arrays: dict[str, Any] = {}
    for name, part in parts.items():
        if isinstance(part, dict):
            arrays |= {f"{name}.{key}": np.asarray(value) for key, value in part.items()}
        else:
            arrays[name] = np.asarray(part)
    np.savez(output, allow_pickle=False, **arrays)


# A process started by the user's function may import this file and must not run it again.
if __name__ == "__main__":
    user_file = Path(sys.argv[1])
    sys.path[0] = str(user_file.parent)  # instead of this file's own folder
    save(name_parts(_run(user_file, sys.argv[2])), sys.argv[3])
