"""The files that a Python file is made of: itself, and what it imports from its own folder."""

import ast
from collections.abc import Iterator
from pathlib import Path


def local_files(path: Path, package: Path | None = None) -> list[Path]:
    """Return `path` and the files of its folder that it imports, directly or through others.

    If `path` is a module of a package, `package` is the folder of that package. Absolute imports
    then start from the folder's parent, files outside the folder are left out, and the
    `__init__.py` of each package on the way to `path` is included. The files are parsed and never
    run, so a name that is only known at run time is not found. A file that is not Python, or does
    not exist, imports nothing.
    """
    root = path.parent if package is None else package.parent
    name = "" if package is None else ".".join(path.relative_to(root).with_suffix("").parts)
    queue = [path, *(file for file in _files_of(root, name) if file != path)]
    files = set(queue)
    while queue:
        imported = set(_imported_by(queue.pop(), root)) - files
        if package is not None:
            imported = {file for file in imported if file.is_relative_to(package)}
        files |= imported
        queue += imported
    return [path, *sorted(files - {path})]


def _imported_by(file: Path, root: Path) -> Iterator[Path]:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files_of(root, alias.name)
        elif isinstance(node, ast.ImportFrom):
            above = min(node.level, len(file.parents)) - 1
            base = file.parents[above] if node.level else root
            for alias in node.names:
                yield from _files_of(base, ".".join(filter(None, (node.module, alias.name))))


def _files_of(base: Path, name: str) -> Iterator[Path]:
    """Yield the modules and packages on the way to the dotted `name` that lie under `base`."""
    for part in filter(None, name.split(".")):
        base /= part
        yield from filter(Path.is_file, (base.with_name(f"{part}.py"), base / "__init__.py"))
