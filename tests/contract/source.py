"""What the contract tests read from source: modules, their imports, exits and sizes."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench.core.paths import CHECKOUT


class Source(NamedTuple):
    """One Python file: its dotted module name, its path and its text."""

    module: str
    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)


def sources_of(*folders: str) -> list[Source]:
    """Return every Python file of these folders of the checkout."""
    paths = sorted(path for folder in folders for path in (CHECKOUT / folder).rglob("*.py"))
    return [source_at(path.relative_to(CHECKOUT), path.read_text("utf-8")) for path in paths]


def source_at(path: str | Path, text: str) -> Source:
    """Return `text` as if it stood at `path`, relative to the checkout."""
    parts = Path(path).with_suffix("").parts
    return Source(".".join(p for p in parts if p != "__init__"), str(path), text)


def imports_of(source: Source) -> set[str]:
    """Return the dotted names that a file imports: anywhere in it, by statement or by string."""
    return set(_imports(source))


def _imports(source: Source) -> Iterator[str]:
    package = source.module.split(".")
    if not source.path.endswith("__init__.py"):
        package = package[:-1]
    for node in ast.walk(source.tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = package[: len(package) - level + 1] if level else []
                origin = ".".join([*base, *([module] if module else [])])
                yield origin
                yield from (f"{origin}.{alias.name}" for alias in names)
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]):
                if ast.unparse(func).split(".")[-1] in ("import_module", "__import__"):
                    yield name


def is_within(module: str, packages: tuple[str, ...]) -> bool:
    """Return whether a dotted name is one of `packages` or inside one."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def exits_of(source: Source) -> list[int]:
    """Return the lines in which a file ends the process or names SystemExit."""
    found = (node for node in ast.walk(source.tree) if _is_exit(node))
    return sorted(node.lineno for node in found if isinstance(node, ast.expr | ast.stmt))


def _is_exit(node: ast.AST) -> bool:
    match node:
        case ast.Name(id="SystemExit"):
            return True
        case ast.Call(func=ast.Name(id="exit" | "quit" | "_exit" | "abort")):
            return True
        case ast.Attribute(value=ast.Name(id="sys"), attr="exit"):
            return True
        case ast.Attribute(value=ast.Name(id="os"), attr="_exit" | "abort"):
            return True
        case ast.ImportFrom(module="sys" | "os", names=names):
            return any(alias.name in ("exit", "_exit", "abort") for alias in names)
    return False


def function_lengths(source: Source) -> dict[str, int]:
    """Return the number of lines of every function, docstring and decorators included."""
    return {
        node.name: (node.end_lineno or node.lineno)
        - min([node.lineno, *(d.lineno for d in node.decorator_list)])
        + 1
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
