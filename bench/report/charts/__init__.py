"""Tables in, drawings out: Vega-Lite specifications and SVG."""
