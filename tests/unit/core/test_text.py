"""Text from records cannot act: not in a spreadsheet, not in Markdown, not on a terminal."""

import pytest

from bench.core.text import escape_csv, escape_markdown, sanitize_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("two\r\nlines\tand  more ", "two lines and more"),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07end", "red end"),
        ("bell\x07 nul\x00 bidi\u202e del\x7f c1\x9b", "bell nul bidi del c1"),
        ("\x1bcreset", "creset"),
    ],
)
def test_one_line_keeps_what_can_be_read(text: str, shown: str) -> None:
    assert sanitize_line(text) == shown
    assert sanitize_line(text).isprintable()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "\x1b[0m="])
def test_a_formula_in_a_csv_cell_is_defused(start: str) -> None:
    assert escape_csv(f"{start}cmd").startswith("'")


def test_harmless_csv_text_is_not_changed() -> None:
    assert escape_csv("a=b, c-d") == "a=b, c-d"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("lab_baseline on digits", "lab_baseline on digits"),
        ("a|b\nc", r"a\|b c"),
        ("<script>&amp;", "&lt;script&gt;&amp;amp;"),
        ("![x](http://y)", r"!\[x\](http://y)"),
        ("__init__ `code` *bold* \\", r"\_\_init\_\_ \`code\` \*bold\* \\"),
    ],
)
def test_markdown_shows_the_text_as_it_is(text: str, shown: str) -> None:
    assert escape_markdown(text) == shown
