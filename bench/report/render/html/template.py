"""The common parts of all pages: the templates, the chart data and the plotting library."""

import json
from functools import cache
from pathlib import Path
from typing import Final

import jinja2

from bench.core.text import sanitize_line
from bench.report.charts.palette import BACKEND_COLOURS
from bench.report.charts.render import VEGA_LITE
from bench.report.charts.vega import Spec

_FOLDER: Final = Path(__file__).parent


def render(
    template: str,
    *,
    title: str,
    charts: dict[str, Spec],
    rows: list[dict[str, list[dict[str, object]]]],
    **more: object,
) -> str:
    """Return the page of a template that draws `charts` from the series of each of `rows`.

    All text is escaped. The page contains the plotting library if there are rows.
    """
    page = _environment().get_template(template)
    return page.render(
        title=title,
        colours=BACKEND_COLOURS,
        data=_script_json({"charts": charts, "rows": rows}),
        bundle=_bundle() if rows else "",
        **more,
    )


def _script_json(value: object) -> str:
    """Return JSON for a script element, escaped so that no HTML parser reads it as markup."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


@cache
def _bundle() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script; takes 1 to 2 s, once per process."""
    # Imported here because it starts a JavaScript engine.
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE).replace(
        "</script", "<\\/script"
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["line"] = sanitize_line
    return environment
