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


def name_parts(returned: Any) -> dict[str, Any]:
    """Return x_train, y_train, x_test, y_test, or x and y; raises TypeError for other values."""
    if not isinstance(returned, tuple) or len(returned) != 2:
        kind = type(returned).__name__
        raise TypeError(f"it returned {kind}, not (x_train, y_train), (x_test, y_test)")
    if all(isinstance(half, tuple) and len(half) == 2 for half in returned):
        (x_train, y_train), (x_test, y_test) = returned
        return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    return dict(zip(("x", "y"), returned, strict=True))


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
