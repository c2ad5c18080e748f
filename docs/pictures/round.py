"""The rounds of a race: fresh processes in alternating order, calibrations around each launch."""

from bench.core.cell import BACKENDS
from docs.pictures.svg import arrow, box, brace, drawing, labelled, text

_WIDTH, _GAP, _CALIBRATION = 92, 3, 14


def round_picture() -> str:
    """Return two rounds of a race side by side, and what becomes of their times."""
    first, second = list(BACKENDS), list(reversed(BACKENDS))
    end_1, shapes_1 = _round(10, first)
    end_2, shapes_2 = _round(end_1 + 26, second)
    middle_1, middle_2 = (10 + end_1) / 2, (end_1 + 26 + end_2) / 2
    shapes = [
        *shapes_1,
        *shapes_2,
        *brace(10, end_1, 84, "round 0: A B C"),
        *brace(end_1 + 26, end_2, 84, "round 1: C B A"),
        text(end_2 + 12, 58, "…", "strong", "start"),
        *labelled(middle_1 - 125, 140, 250, 30, "ratio of round 0: jax / torch"),
        *labelled(middle_2 - 125, 140, 250, 30, "ratio of round 1: jax / torch"),
        arrow(middle_1, 112, middle_1, 138),
        arrow(middle_2, 112, middle_2, 138),
        *labelled((middle_1 + middle_2) / 2 - 190, 206, 380, 30, "", "good"),
        text((middle_1 + middle_2) / 2, 225, "median over the rounds, with its 95% interval"),
        arrow(middle_1, 170, (middle_1 + middle_2) / 2 - 120, 204),
        arrow(middle_2, 170, (middle_1 + middle_2) / 2 + 120, 204),
        box(10, 262, 14, 14, "quiet"),
        text(32, 274, "calibration: a fixed matrix product and memory copy", "small", "start"),
        text(10, 20, "time", "small", "start"),
        arrow(46, 16, 130, 16),
    ]
    title = (
        "Two rounds of a race: each backend gets a fresh process, in the order A B C, then C B A, "
        "with a calibration before and after each. Each round gives a ratio; their median is the "
        "result."
    )
    return drawing(round(end_2 + 40), 286, title, shapes)


def _round(x: float, backends: list[str]) -> tuple[float, list[str]]:
    """Return where a round that begins at `x` ends, and its shapes."""
    shapes = []
    for backend in backends:
        shapes.append(box(x, 36, _CALIBRATION, 38, "quiet"))
        x += _CALIBRATION + _GAP
        shapes += labelled(x, 36, _WIDTH, 38, backend, backend)
        x += _WIDTH + _GAP
        shapes.append(box(x, 36, _CALIBRATION, 38, "quiet"))
        x += _CALIBRATION + _GAP
    return x - _GAP, shapes
