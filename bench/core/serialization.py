"""JSON from outside: decoded, or refused with a message of one line."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from bench.core.text import BenchError

_Value = TypeVar("_Value")

#: A JSON object, decoded.
Document = dict[str, Any]


class DecodeError(BenchError, ValueError):
    """The content is not JSON, or not of the expected type."""


def decode_json(content: bytes | str, kind: type[_Value]) -> _Value:
    """Return the value of type `kind` in `content`; raises DecodeError.

    Its message is a phrase; names that it quotes from the content are made safe to print.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        # Besides its own errors, msgspec raises these for bad UTF-8 and deep nesting.
        raise DecodeError(str(error) or type(error).__name__) from error


class Layout(Generic[_Value]):
    """How documents of one kind are stored: today's version, and how earlier ones become it."""

    def __init__(
        self,
        kind: type[_Value],
        field: str,
        version: int,
        upgrade: Callable[[Document], None],
        unnamed: int | None = None,
    ) -> None:
        """Describe documents of a `kind` whose `field` holds their version, today `version`.

        `upgrade` changes a document of an earlier version in place; `field` is set afterwards. A
        document without `field` is of the version `unnamed`, where that is not None.
        """
        self._kind, self._field, self._version, self._upgrade = kind, field, version, upgrade
        named: list[Any] = [(field, int) if unnamed is None else (field, int, unnamed)]
        self._versioned: type[msgspec.Struct] = msgspec.defstruct("Versioned", named)

    def version_of(self, content: bytes | str) -> int:
        """Return the version of a document; DecodeError when it has none."""
        return int(getattr(decode_json(content, self._versioned), self._field))

    def decode(self, content: bytes | str) -> _Value:
        """Return the value in a document, which gets today's version if it is of an earlier one.

        Only a document of an earlier version is decoded twice. DecodeError says in a phrase what
        is wrong; versions that cannot be read are for the caller to refuse.
        """
        if self.version_of(content) >= self._version:
            return decode_json(content, self._kind)
        document = decode_json(content, Document)
        self._upgrade(document)
        document[self._field] = self._version
        return decode_json(msgspec.json.encode(document), self._kind)


def rename_keys(document: object, names: Mapping[str, str]) -> None:
    """Rename those keys of a document that it has; anything but a document is left as it is.

    What is wrong with an earlier document is reported when it is decoded, not here.
    """
    if isinstance(document, dict):
        for old, new in names.items():
            if old in document:
                document[new] = document.pop(old)


def items_of(document: Document, field: str) -> list[object]:
    """Return the items of a list in a document, none where there is no list."""
    found = document.get(field)
    return found if isinstance(found, list) else []
