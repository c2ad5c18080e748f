"""The examples import `keras_core`, Keras 3's name before its release: here it is an alias."""

from pathlib import Path

#: All of the package: each loaded module of Keras under its old name too.
ALIAS = '''"""Keras 3 under the name that it had before its release."""
import sys, keras
sys.modules.update({"keras_core" + n[5:]: m for n, m in list(sys.modules.items())
                    if n == "keras" or n.startswith("keras.")})
'''


def write_alias(folder: Path) -> Path:
    """Write the package `keras_core` into `folder`; return the folder, one for sys.path."""
    package = folder / "keras_core"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text(ALIAS)
    return folder
