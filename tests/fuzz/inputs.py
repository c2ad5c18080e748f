"""Hostile inputs: bytes without sense, and valid documents that were cut, bent or overfilled."""

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

#: What stands in for a piece of a document: other types, other sizes, other alphabets.
PIECES = (
    *(b"", b"0", b"-", b"null", b"true", b'"', b"'", b"{", b"}", b"[", b"]", b",", b":", b"="),
    *(b"\n", b"\r\n", b"\t", b"\0", b"\x1b[31m", b"\x07", b"\x7f", b"\xc2\x9b", b"\xff", b"\xfe"),
    *(
        b"\xe2\x80\xae",
        b"\xed\xa0\x80",
        b"\\ud800",
        b"\\u0000",
        b"\xf0\x9f\x92\xa5",
        b"\xef\xbb\xbf",
    ),
    *(b"1e999", b"-1e-999", b"NaN", b"Infinity", b"nan", b"inf", b"0x10", b"1_0", b"99999999999"),
    *(b"9" * 400, b"9" * 5000, b"[" * 3000, b'{"a":' * 3000, b"a" * 300, b"../" * 30, b"~", b"~x/"),
    *(b"/dev/null", b"/proc/self/mem", b"/", b".", b"..", b"%s%n", b"{0}", b"<script>", b"#", b"@"),
)

#: What stands in for a value of a JSON document.
_VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        [
            *(None, True, False, 0, -1, 1, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**400),
            *(0.0, -0.0, 0.5, 1e308, 5e-324, float("nan"), float("inf"), float("-inf")),
            *(
                "",
                " ",
                "a",
                "jax",
                "\n",
                "\x1b[31m",
                "\x00",
                "\ud800",
                "../../x",
                "=1+1",
                "<img src=x>",
            ),
            "9" * 400,
            *([], {}, [[]], {"": None}, [None] * 50, {"a": {"b": {"c": []}}}),
        ]
    ),
    st.text(max_size=20),
    st.integers(),
    st.floats(),
).map(deepcopy)
_KEYS = st.sampled_from(["", "more", "\n", "\x1b[2J", "\x00", "type", "0"]) | st.text(max_size=10)

#: Marks the place of a value that is nested too deeply for json.dumps.
_DEEP = "DEEP"


def garbage() -> st.SearchStrategy[bytes]:
    """Return bytes that no parser expects."""
    return st.binary(max_size=300) | st.text(max_size=100).map(
        lambda text: text.encode("utf-8", "surrogatepass")
    )


@st.composite
def damaged(draw: st.DrawFn, documents: Sequence[bytes]) -> bytes:
    """Return one of the documents with up to six pieces replaced, repeated or cut off."""
    content = bytearray(draw(st.sampled_from(documents)))
    for _ in range(draw(st.integers(1, 6))):
        begin = draw(st.integers(0, len(content)))
        end = min(len(content), begin + draw(st.integers(0, 40)))
        how = draw(st.sampled_from(["piece", "piece", "piece", "flip", "repeat", "bytes", "cut"]))
        if how == "piece":
            content[begin:end] = draw(st.sampled_from(PIECES))
        elif how == "bytes":
            content[begin:end] = draw(st.binary(max_size=8))
        elif how == "repeat":
            content[begin:begin] = content[begin:end]
        elif how == "flip" and begin < len(content):
            content[begin] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut":
            del content[begin:]
    return bytes(content)


@st.composite
def bent(draw: st.DrawFn, documents: Sequence[bytes]) -> bytes:
    """Return one of the JSON documents with up to four values or keys changed, added or doubled."""
    root = {"": json.loads(draw(st.sampled_from(documents)))}
    for _ in range(draw(st.integers(1, 4))):
        place: Any = root
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = draw(st.sampled_from(keys))
            inner = place[key]
            if not isinstance(inner, dict | list) or not inner or draw(st.integers(0, 4)) == 0:
                break
            place = inner
        _bend(draw, place, key)
        if not root:
            break
    return _dumped(draw, root.get("", {}))


def _bend(draw: st.DrawFn, place: Any, key: Any) -> None:
    """Change what stands at `key` of a dictionary or a list."""
    how = draw(st.sampled_from(["value", "value", "value", "drop", "add", "double", "deep"]))
    if how == "drop":
        del place[key]
    elif how == "deep":
        place[key] = _DEEP
    elif how == "double" and isinstance(place, list):
        place.append(place[key])
    elif how == "add" and isinstance(place, dict):
        place[draw(_KEYS)] = draw(_VALUES)
    else:
        place[key] = draw(_VALUES)


def _dumped(draw: st.DrawFn, value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    nested = draw(st.sampled_from(["[" * 3000, "[" * 400 + "]" * 400, '{"a":' * 2000 + "1"]))
    text = text.replace(f'"{_DEEP}"', nested)
    if draw(st.integers(0, 5)) == 0:  # a key that is there twice
        text = text.replace("{", '{"more": 1, "more": 2, ', 1)
    return text.encode("utf-8", "surrogatepass")


def documents(*valid: bytes) -> st.SearchStrategy[bytes]:
    """Return what is derived from valid documents of any format, or from nothing."""
    return garbage() | damaged(valid) | damaged(valid)


def json_documents(*valid: bytes) -> st.SearchStrategy[bytes]:
    """Return what is derived from valid JSON documents, or from nothing."""
    return garbage() | damaged(valid) | bent(valid) | bent(valid)


def json_lines(*valid: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Return what is derived from files of a JSON document per line."""
    lines = [line for file in valid for line in file]
    some = st.lists(bent(lines) | st.sampled_from(lines), max_size=4).map(b"\n".join)
    return garbage() | damaged([b"\n".join(file) + b"\n" for file in valid]) | some


@st.composite
def packed(
    draw: st.DrawFn, pack: Callable[[bytes], bytes], content: st.SearchStrategy[bytes]
) -> bytes:
    """Return hostile content in a sound envelope, now and then in a damaged one."""
    whole = pack(draw(content))
    return whole if draw(st.integers(0, 3)) else draw(damaged([whole]))
