"""JSON from outside: decoded, or refused with a message of one line."""

from typing import TypeVar

import msgspec

from bench.core.text import BenchError

_Value = TypeVar("_Value")


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
