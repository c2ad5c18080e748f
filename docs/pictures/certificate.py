"""A certificate: the same weights and images on two backends, in two precisions."""

from docs.pictures.svg import arrow, drawing, labelled, text


def certificate_picture() -> str:
    """Return what is given to both backends, what they compute, and what is held against what."""
    shapes = [
        *labelled(10, 92, 150, 44, "same weights"),
        *labelled(10, 152, 150, 44, "same images"),
        *labelled(250, 30, 190, 40, "jax, float64", "a"),
        *labelled(250, 92, 190, 40, "jax, float32", "a"),
        *labelled(250, 156, 190, 40, "torch, float32", "c"),
        *labelled(250, 218, 190, 40, "torch, float64", "c"),
        *(arrow(160, 144, 248, y) for y in (50, 112, 176, 238)),
        *labelled(570, 26, 240, 44, "", "good"),
        text(690, 45, "as precise as float32 can be?", ""),
        text(690, 61, "float32 against its own float64", "small"),
        *labelled(570, 122, 240, 44, "", "good"),
        text(690, 141, "the same function?", ""),
        text(690, 157, "float64 against float64", "small"),
        *labelled(570, 218, 240, 44, "", "good"),
        text(690, 237, "as precise as float32 can be?", ""),
        text(690, 253, "float32 against its own float64", "small"),
        arrow(440, 50, 568, 44),
        arrow(440, 112, 568, 58),
        arrow(440, 62, 568, 136),
        arrow(440, 226, 568, 152),
        arrow(440, 176, 568, 230),
        arrow(440, 238, 568, 246),
        *labelled(850, 122, 132, 44, "certificate"),
        arrow(810, 48, 880, 120),
        arrow(810, 144, 848, 144),
        arrow(810, 240, 880, 168),
        text(345, 288, "outputs, loss, gradients, updates, 10 steps, predictions", "small"),
    ]
    title = (
        "Each backend computes the same quantities from the same weights and images in float32 and "
        "float64. The float64 results are compared between backends, float32 with its own float64."
    )
    return drawing(1000, 300, title, shapes)
