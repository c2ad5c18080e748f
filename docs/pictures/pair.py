"""A lock-step pair: two warm processes that compute in turns, slice by slice."""

from docs.pictures.svg import arrow, box, brace, drawing, text

_LEFT, _SLICE, _ROWS = 118, 62, {"A": (40, "a"), "B": (86, "b")}


def pair_picture() -> str:
    """Return the processes of a pair over time, and how the pair becomes one number."""
    order = ["A", "B", "B", "A", "A", "B", "B", "A"]
    shapes = [
        text(10, 60, "A: baseline", "", "start"),
        text(10, 106, "B: candidate", "", "start"),
        text(_LEFT, 20, "time", "small", "start"),
        arrow(_LEFT + 36, 16, _LEFT + 130, 16),
    ]
    for y, _ in _ROWS.values():
        shapes.append(box(_LEFT, y, 92, 32, "quiet"))
        shapes.append(text(_LEFT + 46, y + 21, "warm-up", "small"))
        shapes.append(box(_LEFT + 96, y + 13, _SLICE * len(order), 6, "idle"))
    for place, side in enumerate(order):
        y, kind = _ROWS[side]
        x = _LEFT + 96 + place * _SLICE
        shapes += [
            box(x + 2, y, _SLICE - 4, 32, kind),
            text(x + _SLICE / 2, y + 21, "0.3 s", "light"),
        ]
    end = _LEFT + 96 + _SLICE * len(order)
    for place in range(0, len(order), 2):
        x = _LEFT + 96 + place * _SLICE
        shapes += brace(x + 6, x + 2 * _SLICE - 6, 126, "log ratio")
    shapes += [
        text(end + 10, 82, "… 24 slices each, then", "small", "start"),
        text(end + 10, 98, "two new processes", "small", "start"),
        box((_LEFT + 96 + end) / 2 - 180, 186, 360, 30, "good"),
        text((_LEFT + 96 + end) / 2, 206, "one trimmed mean per pair: one sample"),
        arrow((_LEFT + 96 + end) / 2, 156, (_LEFT + 96 + end) / 2, 184),
        text(10, 246, "A thin line: the process waits and uses no core.", "small", "start"),
    ]
    title = (
        "A lock-step pair: both processes are warm; only one computes at a time, in slices of at "
        "least 0.3 seconds in the order A B, B A. The trimmed mean of the log ratios is one sample."
    )
    return drawing(round(end) + 170, 256, title, shapes)
