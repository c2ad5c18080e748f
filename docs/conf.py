"""How Sphinx builds this site; `tox -e docs`."""

import sys
from pathlib import Path

_DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(_DOCS.parent))

from docs.generate import generate_all  # noqa: E402 (the checkout has to be on the path first)

generate_all(_DOCS)

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
