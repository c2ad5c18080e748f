"""The reference of stored JSON, from the structs that read and write it."""

import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import msgspec

from docs.generators.markdown import table


def struct_sections(*structs: type[msgspec.Struct]) -> str:
    """Return a section per struct: its docstring, and a row per field with type and default."""
    return "\n".join(_section(struct) for struct in structs)


def field_table(struct: type[msgspec.Struct]) -> str:
    """Return a row per field of a struct: name, type, default."""
    return table(("field", "type", "default"), _rows(struct))


def _section(struct: type[msgspec.Struct]) -> str:
    text = inspect.cleandoc(struct.__doc__ or "")
    return f"## `{struct.__name__}`\n\n{text}\n\n{field_table(struct)}"


def _rows(struct: type[msgspec.Struct]) -> Iterator[tuple[str, str, str]]:
    for field in msgspec.structs.fields(struct):
        yield f"`{field.encode_name}`", f"`{type_text(field.type)}`", _default(field)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    default = field.default
    if default is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    if isinstance(default, str | int | float | bool):
        return f"`{msgspec.json.encode(default).decode()}`"
    return "none" if default is None else "empty" if not default else f"`{', '.join(default)}`"


def type_text(kind: Any) -> str:
    """Return a type as one reads it: `int | None`, `list of str`, `"ok" | "failed"`."""
    if get_origin(kind) is tuple:
        return f"list of {type_text(get_args(kind)[0])}"
    if get_origin(kind) is dict:
        return f"object of {type_text(get_args(kind)[1])}"
    if type(kind).__name__ in ("UnionType", "Union") or get_origin(kind) is not None:
        values = [
            f'"{part}"' if isinstance(part, str) else type_text(part) for part in get_args(kind)
        ]
        return " | ".join(values)
    if kind is type(None):
        return "null"
    return re.sub(r"^.*\.", "", getattr(kind, "__name__", str(kind)))
