"""JSON that somebody else wrote: decoded, or refused in words that fit on one line."""

from typing import TypeVar

import msgspec

from bench.core.text import BenchError

_Value = TypeVar("_Value")


class DecodeError(BenchError, ValueError):
    """What was read is no JSON, or not of the type that is expected."""


def decode_json(content: bytes | str, kind: type[_Value]) -> _Value:
    """Return the value of type `kind` in `content`; DecodeError says in a phrase what is wrong.

    The phrase quotes names from the content, made harmless.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        # Beside its own errors, msgspec lets those of bad UTF-8 and endless nesting through.
        raise DecodeError(str(error) or type(error).__name__) from error
