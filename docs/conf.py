"""How Sphinx builds this site; `tox -e docs`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(_DOCS.parent))

# The checkout has to be on the path first.
from docs.generate import copied_pages, generate_all  # noqa: E402
from docs.generators.pages import turned_links  # noqa: E402

generate_all(_DOCS)
_COPIED = copied_pages(_DOCS)

project = "Keras 3 backend benchmark"
author = "the authors of the benchmark"
html_title = "Keras 3 backend benchmark"

extensions = ["myst_parser"]
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "smartquotes"]
myst_heading_anchors = 3
myst_links_external_new_tab = False
nitpicky = True
exclude_patterns = ["_build", "changelog.d", "**/_generated/*.inc"]

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_show_copyright = False
html_copy_source = False
pygments_style = "friendly"
pygments_dark_style = "monokai"


def setup(app: "Sphinx") -> None:
    """Turn links to files outside docs/, as the repository has them, to their pages."""
    app.connect("source-read", _turn_links)


def _turn_links(app: "Sphinx", name: str, source: list[str]) -> None:
    path = Path(app.env.doc2path(name))
    if path.parent.name != "_generated":
        source[0] = turned_links(source[0], path, path, _COPIED)
