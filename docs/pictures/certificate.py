"""A certificate: the same weights and images on two backends, in two precisions."""

from docs.pictures.svg import arrow, box, drawing, labelled, text


def certificate_picture() -> str:
    """Return what is given to both backends, what they compute, and what is held against what."""
    shapes = [
        *labelled(10, 92, 120, 44, "same weights"),
        *labelled(10, 152, 120, 44, "same images"),
        *(arrow(132, 144, 188, y) for y in (50, 112, 176, 238)),
        *labelled(190, 30, 150, 40, "jax, float64", "jax"),
        *labelled(190, 92, 150, 40, "jax, float32", "jax"),
        *labelled(190, 156, 150, 40, "torch, float32", "torch"),
        *labelled(190, 218, 150, 40, "torch, float64", "torch"),
        *_question(22, "as precise as float32 can be?", "float32 with its own float64"),
        *_question(120, "the same function?", "float64 with float64"),
        *_question(218, "as precise as float32 can be?", "float32 with its own float64"),
        arrow(340, 46, 428, 42),
        arrow(340, 112, 428, 58),
        arrow(340, 62, 428, 136),
        arrow(340, 226, 428, 152),
        arrow(340, 176, 428, 230),
        arrow(340, 242, 428, 246),
        *labelled(722, 122, 110, 44, "certificate"),
        arrow(660, 48, 752, 120),
        arrow(660, 144, 720, 144),
        arrow(660, 240, 752, 168),
        text(265, 288, "outputs, loss, gradients, updates, 10 steps, predictions", "small"),
    ]
    title = (
        "Each backend computes the same quantities from the same weights and images in float32 and "
        "float64. The float64 results are compared between backends, float32 with its own float64."
    )
    return drawing(842, 300, title, shapes)


def _question(y: float, words: str, compared: str) -> list[str]:
    """Return a box that asks `words` of the two results that are `compared`."""
    lines = [text(545, y + 20, words), text(545, y + 37, compared, "small")]
    return [box(430, y, 230, 48, "good"), *lines]
