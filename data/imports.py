"""The files that a user's Python file is made of: what it imports from its own folder."""

import ast
from collections.abc import Iterator
from pathlib import Path


def own_files(path: Path) -> list[Path]:
    """Return `path` and the files of its folder that it imports, by themselves or through others.

    They are read and never run, so a name that is only known at run time is not found. A file that
    is no Python, or is not there, imports nothing.
    """
    found, todo = {path}, [path]
    while todo:
        new = set(_imported_by(todo.pop(), path.parent)) - found
        found |= new
        todo += new
    return [path, *sorted(found - {path})]


def _imported_by(file: Path, folder: Path) -> Iterator[Path]:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files_of(folder, alias.name)
        elif isinstance(node, ast.ImportFrom):
            above = min(node.level, len(file.parents)) - 1
            base = file.parents[above] if node.level else folder
            for alias in node.names:
                yield from _files_of(base, ".".join(filter(None, (node.module, alias.name))))


def _files_of(base: Path, name: str) -> Iterator[Path]:
    """Yield the modules and packages on the way to `name` that lie under `base`."""
    for part in name.split("."):
        base /= part
        yield from filter(Path.is_file, (base.with_name(f"{part}.py"), base / "__init__.py"))
